using System.Text;

namespace Simulator.Lab;

/// <summary>Writes a scenario with every default, each key with its meaning; reading it back gives an equal plan.</summary>
public static class ScenarioWriter
{
    private const string Indent = "  ";

    /// <summary>The scenario as YAML, keys in the order of <see cref="ScenarioOptions"/>.</summary>
    public static string Write(ScenarioOptions scenario)
    {
        var text = new StringBuilder("# A scenario with every default written out. Keys: docs/scenario.md.\n");
        Section(text, ScenarioSchema.Root, scenario, indent: "");
        return text.ToString();
    }

    private static void Section(StringBuilder text, SchemaSection section, ScenarioOptions scenario, string indent)
    {
        foreach (var node in section.Children)
        {
            switch (node)
            {
                case SchemaOption option:
                    text.Append($"{indent}{node.Key}: {option.Type.ToYaml(node.In(scenario))}  # {node.Description}\n");
                    break;
                case SchemaSection inner:
                    text.Append($"{indent}{node.Key}:  # {node.Description}\n");
                    Section(text, inner, scenario, indent + Indent);
                    break;
                case SchemaSweep:
                    var products = scenario.Sweep.Products;
                    text.Append($"{indent}{node.Key}:{(products.Count == 0 ? " {}" : "")}  # {node.Description}\n");
                    foreach (var product in products) Product(text, product, isListed: products.Count > 1);
                    break;
            }
        }
    }

    private static void Product(StringBuilder text, SweepProduct product, bool isListed)
    {
        if (product.Axes.Count == 0) text.Append($"{Indent}- {{}}\n");
        foreach (var (number, axis) in product.Axes.Index())
        {
            var option = (SchemaOption)ScenarioSchema.Resolve(axis.Key, out _, out _)!;
            var start = isListed ? (number == 0 ? "- " : Indent) : "";
            text.Append($"{Indent}{start}{axis.Key}: [{string.Join(", ", axis.Values.Select(option.Type.ToYaml))}]\n");
        }
    }
}
