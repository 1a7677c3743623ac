namespace Simulator.Lab;

/// <summary>Thrown when the store that a node sees has no such run: it is another one, however long one waits.</summary>
internal sealed class StoreMismatchException(string message) : IOException(message);
