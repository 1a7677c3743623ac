namespace Simulator.Lab;

/// <summary>One reading of a cell's checkpoints, or the writing of one, by the names of docs/checkpoints.md. What was written counts when it is completed.</summary>
internal interface ICheckpointAccess : IDisposable
{
    /// <summary>The manifests, the newest first, by the names that <see cref="Read"/> takes.</summary>
    IEnumerable<string> Manifests();

    /// <summary>Reads a file as a whole.</summary>
    /// <param name="file">Its name.</param>
    /// <param name="bytes">Its length, where that is known: one of another length is not read, since it may have any.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">It has another length.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    byte[] Read(string file, long? bytes = null);

    /// <summary>Checks that a file is there, and looks at nothing in it.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    void Check(string file);

    /// <summary>Reads what a checkpoint names of the history.</summary>
    /// <exception cref="InvalidDataException">It is not what was written.</exception>
    byte[] ReadHistory(CheckpointFile named);

    /// <summary>Appends pieces to what a checkpoint names of the history; what lies behind that is lost.</summary>
    /// <returns>What is there then.</returns>
    CheckpointFile AppendHistory(CheckpointFile before, IReadOnlyList<byte[]> pieces);

    /// <summary>Writes a file.</summary>
    CheckpointFile Write(string file, Action<Stream> write);

    /// <summary>Writes the manifest, whereby all that was written is a checkpoint.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="wanted">Names of all that is needed from here on; the rest may go.</param>
    /// <returns>The manifest's file.</returns>
    CheckpointFile Complete(CheckpointManifest manifest, IReadOnlySet<string> wanted);
}
