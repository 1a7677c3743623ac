using System.Text;

namespace Simulator.Lab.Reports;

/// <summary>Writes the report of one run, or of several compared: one file that opens without a network.</summary>
public static class RunReport
{
    /// <summary>Name of the report in a run's folder.</summary>
    public const string FileName = "report.html";

    /// <summary>Reads the folders of runs and writes their report.</summary>
    /// <param name="folders">Folders of runs.</param>
    /// <param name="output">File to write; it appears whole, and replaces one that is there.</param>
    /// <exception cref="UnreadableRunException">A folder is no run, or a file in it is damaged.</exception>
    /// <exception cref="IOException">The report cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    public static void Write(IReadOnlyList<string> folders, string output)
    {
        var runs = RunReader.Read(folders);
        var path = Path.GetFullPath(output);
        if (Directory.Exists(path))
        {
            throw new IOException($"'{output}' is a folder");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var beside = path + ".part";
        try
        {
            using (var writer = new StreamWriter(beside, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)))
            {
                writer.NewLine = "\n";
                ReportPage.Write(writer, runs);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }
}
