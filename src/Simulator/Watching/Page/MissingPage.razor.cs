using Microsoft.AspNetCore.Components;

namespace Simulator.Watching.Page;

/// <summary>What is shown where there is nothing.</summary>
public sealed partial class MissingPage
{
    /// <summary>What was asked for.</summary>
    [Parameter]
    public string? Path { get; set; }

    /// <inheritdoc/>
    protected override Task LookAsync()
    {
        Missing();
        return Task.CompletedTask;
    }
}
