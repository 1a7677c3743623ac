using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Simulator.Lab;

/// <summary>
/// The JSON schema of scenario files, docs/scenario.schema.json, generated from the option records: for editors, which complete keys, show what they mean and mark what is wrong while one
/// types. What a single key may be comes from <see cref="OptionType"/>, as <see cref="ScenarioReader"/>'s messages do; contradictions between keys only the reader finds.
/// </summary>
public static class ScenarioJsonSchema
{
    private const string Product = "product";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema as JSON (draft-07).</summary>
    public static string Text()
    {
        var schema = Section(ScenarioSchema.Root, new ScenarioOptions());
        schema.Insert(0, "$schema", "http://json-schema.org/draft-07/schema#");
        schema.Insert(1, "title", "A scenario: a population of cells, and what differs between them");
        schema.Add("definitions", new JsonObject { [Product] = SweepProduct() });
        return schema.ToJsonString(Format) + "\n";
    }

    /// <summary>A section: all its keys, and no others. A section with nothing in it is null, and all defaults.</summary>
    private static JsonObject Section(SchemaSection section, ScenarioOptions defaults)
    {
        var properties = new JsonObject();
        foreach (var node in section.Children)
        {
            properties.Add(node.Key, node switch
            {
                SchemaSection inner => Section(inner, defaults),
                SchemaOption option => Option(option, defaults),
                _ => Sweep(node),
            });
        }

        return Described(section, new JsonObject { ["type"] = new JsonArray("object", "null"), ["properties"] = properties, ["additionalProperties"] = false });
    }

    private static JsonObject Option(SchemaOption option, ScenarioOptions defaults)
    {
        var schema = Described(option, option.Type.Schema());
        if (option != ScenarioSchema.Name)
        {
            schema.Add("default", option.Type.ToJson(option.In(defaults)));
        }

        return schema;
    }

    private static JsonObject Sweep(SchemaNode node)
    {
        static JsonObject Map() => new() { ["$ref"] = $"#/definitions/{Product}" };

        return Described(node, new JsonObject
        {
            ["anyOf"] = new JsonArray(Map(), new JsonObject { ["type"] = "array", ["items"] = Map(), ["minItems"] = 1 }, new JsonObject { ["type"] = "null" }),
        });
    }

    /// <summary>A map of dotted key to the values that it takes.</summary>
    private static JsonObject SweepProduct()
    {
        var properties = new JsonObject();
        foreach (var option in ScenarioSchema.Options.Where(option => option.CanBeSwept))
        {
            properties.Add(
                option.Path,
                Described(option, new JsonObject { ["type"] = "array", ["items"] = option.Type.Schema(), ["minItems"] = 1, ["uniqueItems"] = true }));
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
    }

    private static JsonObject Described(SchemaNode node, JsonObject schema)
    {
        if (node.Description.Length > 0)
        {
            schema.Insert(0, "description", node.Description);
        }

        return schema;
    }
}
