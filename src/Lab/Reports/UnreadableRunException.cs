namespace Simulator.Lab.Reports;

/// <summary>Thrown when a folder is no run, or a file in it is damaged or of something else. The message names the file.</summary>
public sealed class UnreadableRunException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public UnreadableRunException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public UnreadableRunException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public UnreadableRunException()
    {
    }
}
