namespace Simulator.Lab.Benchmarks;

/// <summary>Thrown where something could not be measured; the message tells the user why.</summary>
public sealed class MeasurementException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public MeasurementException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public MeasurementException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public MeasurementException()
    {
    }
}
