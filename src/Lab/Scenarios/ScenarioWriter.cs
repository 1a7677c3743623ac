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
        Section(text, ScenarioSchema.Root, scenario, indent: "", comments: true);
        return text.ToString();
    }

    /// <summary>The scenario as YAML for another process, without what its keys mean.</summary>
    internal static string WriteShort(ScenarioOptions scenario)
    {
        var text = new StringBuilder();
        Section(text, ScenarioSchema.Root, scenario, indent: "", comments: false);
        return text.ToString();
    }

    private static void Section(StringBuilder text, SchemaSection section, ScenarioOptions scenario, string indent, bool comments)
    {
        foreach (var node in section.Children)
        {
            var meaning = comments ? $"  # {node.Description}" : "";
            switch (node)
            {
                case SchemaOption option:
                    text.Append($"{indent}{node.Key}: {option.Type.ToYaml(node.In(scenario))}{meaning}\n");
                    break;
                case SchemaSection inner:
                    text.Append($"{indent}{node.Key}:{meaning}\n");
                    Section(text, inner, scenario, indent + Indent, comments);
                    break;
                case SchemaSweep:
                    var products = scenario.Sweep.Products;
                    text.Append($"{indent}{node.Key}:{(products.Count == 0 ? " {}" : "")}{meaning}\n");
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
