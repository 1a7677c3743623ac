namespace Simulator.Lab;

/// <summary>Thrown when a run cannot write where it was told to.</summary>
public sealed class OutputFolderException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public OutputFolderException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public OutputFolderException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public OutputFolderException()
    {
    }
}

/// <summary>
/// The folder of a run: <c>scenario.yaml</c>, <c>manifest.json</c>, <c>population.json</c>, <c>population.csv</c>, <c>events.jsonl</c>, and a folder for each cell. Files appear whole: they are written
/// beside, then renamed. A file <c>run.lock</c> is held open by the process whose run it is, so that no other one writes to the folder.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private const string LockName = "run.lock";
    private const string PartSuffix = ".part";

    private readonly FileStream _lock;

    private RunFolder(string path, FileStream hold)
    {
        Path = path;
        _lock = hold;
    }

    /// <summary>Its path, as it was given.</summary>
    public string Path { get; }

    /// <summary>The folder <c>runs/&lt;scenario&gt;-&lt;time&gt;</c>, with a number behind it where that is taken.</summary>
    public static string DefaultPath(string scenario, DateTimeOffset now)
    {
        var path = System.IO.Path.Combine("runs", $"{scenario}-{now.ToString("yyyyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture)}");
        var candidate = path;
        for (var i = 2; System.IO.Path.Exists(candidate); i++)
        {
            candidate = $"{path}-{i}";
        }

        return candidate;
    }

    /// <summary>Checks that a run may write to a path, without writing: it is not there, or an empty folder, or one that a run was killed in before it had written anything.</summary>
    /// <exception cref="OutputFolderException">It is a file, or a folder that is not empty.</exception>
    public static void Check(string path)
    {
        if (File.Exists(path))
        {
            throw new OutputFolderException($"the output folder '{path}' is a file; name a folder that is empty or not there");
        }

        bool taken;
        try
        {
            taken = Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Select(System.IO.Path.GetFileName).Except([LockName, RunContinuation.ScenarioName + PartSuffix], StringComparer.Ordinal).Any();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OutputFolderException($"the output folder '{path}' cannot be read: {error.Message}", error);
        }

        if (taken)
        {
            var run = File.Exists(System.IO.Path.Combine(path, RunContinuation.ScenarioName)) ? "; with --resume the run in it goes on" : string.Empty;
            throw new OutputFolderException($"the output folder '{path}' is not empty; name one that is empty or not there{run}");
        }
    }

    /// <summary>Makes the folder.</summary>
    /// <exception cref="OutputFolderException">It is there and not empty, or it cannot be made.</exception>
    public static RunFolder Create(string path)
    {
        Check(path);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OutputFolderException($"the output folder '{path}' cannot be made: {error.Message}", error);
        }

        return new RunFolder(path, Hold(path));
    }

    /// <summary>Opens the folder of an earlier run, to continue it.</summary>
    /// <exception cref="OutputFolderException">Another process has it, it cannot be written to, or there is a link in it.</exception>
    public static RunFolder Open(string path)
    {
        try
        {
            return Links.Complaint(path) is { } complaint ? throw new OutputFolderException(complaint) : new RunFolder(path, Hold(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OutputFolderException($"the output folder '{path}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Lets other processes have the folder.</summary>
    public void Dispose() => _lock.Dispose();

    private static FileStream Hold(string path)
    {
        var file = System.IO.Path.Combine(path, LockName);
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (File.Exists(file))
        {
            throw new OutputFolderException($"the folder '{path}' is in use: another process runs there ({error.Message})", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OutputFolderException($"the output folder '{path}' cannot be written to: {error.Message}", error);
        }
    }

    /// <summary>Path of a file in the run's folder.</summary>
    public string FileOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Path of a cell's folder, relative to the run's.</summary>
    public static string CellFolder(string cell) => System.IO.Path.Combine("cells", cell);

    /// <summary>Writes a file whole: beside its place, then renamed to it.</summary>
    /// <param name="name">Path relative to the run's folder.</param>
    /// <param name="write">Writes its content.</param>
    internal void Write(string name, Action<Stream> write) => WriteFile(FileOf(name), write);

    /// <summary>Writes a file whole: beside its place, then renamed to it.</summary>
    /// <param name="path">Its path; its folder is made where it is not there.</param>
    /// <param name="write">Writes its content.</param>
    internal static void WriteFile(string path, Action<Stream> write)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        var beside = path + PartSuffix;
        try
        {
            using (var stream = File.Create(beside))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    /// <summary>Appends a line to a file, down to the disk; where that fails the file stays as it was. A line that an earlier process left half-written is ended first, so that it spoils itself alone.</summary>
    internal void Append(string name, string line)
    {
        using var stream = new FileStream(FileOf(name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var length = stream.Seek(0, SeekOrigin.End);
        try
        {
            if (length > 0)
            {
                stream.Position--;
                if (stream.ReadByte() != '\n')
                {
                    stream.WriteByte((byte)'\n');
                }
            }

            stream.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
            stream.Flush(flushToDisk: true);
        }
        catch
        {
            stream.SetLength(length);
            throw;
        }
    }
}
