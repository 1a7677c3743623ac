using Parquet.Schema;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>The columns of both tables that tell about outputs action by action: <c>offload_low_90</c> to <c>power_variance</c>.</summary>
internal static class OutputColumns
{
    /// <summary>Their names, one action after the other.</summary>
    internal static readonly IReadOnlyList<string> Names = [.. OutputDiagnostics.Actions.SelectMany(a => ActionOutputs.Names.Select(n => $"{a}_{n}"))];

    /// <summary>Their fields, numbers or null.</summary>
    internal static DataField[] Fields<T>()
        where T : struct => [.. Names.Select(n => new DataField<T?>(n))];

    /// <summary>Their values, by column, then by row: null where there was no update, no such value, or one that is not finite.</summary>
    internal static float?[][] Values(IReadOnlyList<OutputDiagnostics?> rows)
    {
        var columns = Names.Select(_ => new float?[rows.Count]).ToArray();
        var values = new float[Names.Count];
        for (var row = 0; row < rows.Count; row++)
        {
            rows[row]?.CopyTo(values);
            for (var column = 0; column < columns.Length; column++)
            {
                columns[column][row] = rows[row] is not null && float.IsFinite(values[column]) ? values[column] : null;
            }
        }

        return columns;
    }
}
