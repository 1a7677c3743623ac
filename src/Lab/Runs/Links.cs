namespace Simulator.Lab;

/// <summary>
/// Links in the folder of a run. Folders are handed on, and a link in one could lead what reads it, and what writes to it, to any other place; nothing that this program writes is a link.
/// </summary>
internal static class Links
{
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, ReturnSpecialDirectories = false };

    /// <summary>Says of the first link in a folder, or in one below it, that there is one; null where there is none. The folder itself may be one: whoever named it wanted it.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal static string? Complaint(string folder)
    {
        // A folder's entries come before those of the folders in it, so that no link is ever followed.
        var link = new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Everything).FirstOrDefault(IsLink);
        return link is null ? null : ComplaintOf(Path.Combine(folder, Path.GetRelativePath(Path.GetFullPath(folder), link.FullName)));
    }

    /// <summary>Says of a path that it is a link.</summary>
    internal static string ComplaintOf(string path) => $"'{Wording.OneLine(path)}' is a link; only what lies in the folder itself is read and written";

    /// <summary>What has gone since it was listed, in a folder that somebody writes to, has all attributes and is none.</summary>
    private static bool IsLink(FileSystemInfo entry) => entry.Attributes is not (FileAttributes)(-1) and var attributes && attributes.HasFlag(FileAttributes.ReparsePoint);
}
