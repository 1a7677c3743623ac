namespace Simulator.Lab;

/// <summary>Thrown where an intervention is refused; nothing has happened then.</summary>
public sealed class InterventionException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public InterventionException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public InterventionException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public InterventionException()
    {
    }
}
