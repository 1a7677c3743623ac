namespace Simulator;

/// <summary>Thrown where a node cannot be made as it was asked to: wrong usage, in one line.</summary>
internal sealed class NodeSettingsException(string message, Exception? inner = null) : Exception(message, inner);
