using Simulator;

return await CommandLine.InvokeAsync(args, Console.Out, Console.Error).ConfigureAwait(false);

/// <summary>The entry point; named here because the web SDK makes it public where it is not.</summary>
internal sealed partial class Program;
