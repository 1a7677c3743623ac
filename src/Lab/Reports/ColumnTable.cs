using Parquet;
using Parquet.Schema;

namespace Simulator.Lab.Reports;

/// <summary>Columns of numbers of one length; NaN stands for what is absent. Single precision is enough for what a report shows.</summary>
internal sealed class ColumnTable
{
    private readonly Dictionary<string, float[]> _columns;

    /// <summary>Makes a table of columns.</summary>
    internal ColumnTable(int rows, Dictionary<string, float[]> columns)
    {
        Rows = rows;
        _columns = columns;
    }

    /// <summary>Number of rows.</summary>
    internal int Rows { get; }

    /// <summary>Names of the columns.</summary>
    internal IEnumerable<string> Names => _columns.Keys;

    /// <summary>A table with a row for each window, and its last episode: the means of shares and rewards, the medians of everything else.</summary>
    internal ColumnTable Reduced(Windows windows)
    {
        var reduced = _columns.Keys.Where(n => n != "episode").ToDictionary(
            n => n, n => Array.ConvertAll(windows.Reduce(this, n, Windows.IsAveraged(n) ? values => values.Average() : Numbers.Median), v => (float?)v ?? float.NaN), StringComparer.Ordinal);
        reduced["episode"] = Array.ConvertAll(windows.Ends, e => (float)e);
        return new ColumnTable(windows.Ends.Length, reduced);
    }

    /// <summary>The values of a column, by row; null where there is no such column, or nothing in it.</summary>
    internal float[]? this[string name] => _columns.TryGetValue(name, out var values) && Array.Exists(values, float.IsFinite) ? values : null;

    /// <summary>Reads a Parquet file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="wanted">Columns to read; null: all that hold numbers. What the file does not have is left out.</param>
    /// <param name="required">Columns that it must have, numbers throughout.</param>
    /// <exception cref="UnreadableRunException">It is no such file.</exception>
    internal static ColumnTable Read(string path, IReadOnlyCollection<string>? wanted, params string[] required)
    {
        try
        {
            return ReadAsync(path, wanted, required).GetAwaiter().GetResult();
        }
        catch (Exception fault) when (fault is not (OutOfMemoryException or UnreadableRunException))
        {
            // A damaged file fails anywhere within the reader, with whatever the bytes led it to.
            throw new UnreadableRunException($"{path}: this is no table in the Parquet format, or it is damaged: {Wording.OneLine(fault.Message)}", fault);
        }
    }

    private static async Task<ColumnTable> ReadAsync(string path, IReadOnlyCollection<string>? wanted, string[] required)
    {
        using var stream = File.OpenRead(path);
        await using var reader = await ParquetReader.CreateAsync(stream).ConfigureAwait(false);
        var fields = reader.Schema.GetDataFields();
        if (Array.Find(required, name => !Array.Exists(fields, f => f.Name == name)) is { } absent)
        {
            throw new UnreadableRunException($"{path}: there is no column {absent}, so this is the table of something else");
        }

        var columns = new Dictionary<string, List<float>>(StringComparer.Ordinal);
        var rows = 0;
        for (var i = 0; i < reader.RowGroupCount; i++)
        {
            using var group = reader.OpenRowGroupReader(i);
            var count = checked((int)group.RowCount);
            foreach (var field in fields.Where(f => wanted?.Contains(f.Name, StringComparer.Ordinal) != false))
            {
                if (await ColumnAsync(group, field, count).ConfigureAwait(false) is { } values)
                {
                    if (!columns.TryGetValue(field.Name, out var column))
                    {
                        columns.Add(field.Name, column = []);
                    }

                    column.AddRange(values);
                }
            }

            rows += count;
        }

        return new ColumnTable(rows, columns.ToDictionary(c => c.Key, c => c.Value.ToArray(), StringComparer.Ordinal));
    }

    /// <summary>A column as numbers; null where it holds something else.</summary>
    private static async Task<IEnumerable<float>?> ColumnAsync(ParquetRowGroupReader group, DataField field, int rows) => Type.GetTypeCode(field.ClrType) switch
    {
        TypeCode.Double => await ReadAsync<double>(group, field, rows, v => (float)v).ConfigureAwait(false),
        TypeCode.Single => await ReadAsync<float>(group, field, rows, v => v).ConfigureAwait(false),
        TypeCode.Int32 => await ReadAsync<int>(group, field, rows, v => v).ConfigureAwait(false),
        TypeCode.Boolean => await ReadAsync<bool>(group, field, rows, v => v ? 1 : 0).ConfigureAwait(false),
        _ => null,
    };

    private static async Task<IEnumerable<float>> ReadAsync<T>(ParquetRowGroupReader group, DataField field, int rows, Func<T, float> number)
        where T : struct
    {
        if (field.IsNullable)
        {
            var values = new T?[rows];
            await group.ReadAsync<T>(field, values.AsMemory()).ConfigureAwait(false);
            return values.Select(v => v is { } value ? number(value) : float.NaN);
        }

        var present = new T[rows];
        await group.ReadAsync<T>(field, present.AsMemory()).ConfigureAwait(false);
        return present.Select(number);
    }
}
