using Microsoft.AspNetCore.Components;

namespace Simulator.Watching.Page;

/// <summary>Lets the reader hold the page.</summary>
public sealed partial class Following
{
    /// <summary>Whether the page follows the run.</summary>
    [Parameter]
    public bool Value { get; set; }

    /// <summary>Told when the reader changes it.</summary>
    [Parameter]
    public EventCallback<bool> ValueChanged { get; set; }

    /// <summary>Whether there is nothing new to come.</summary>
    [Parameter]
    [EditorRequired]
    public bool IsOver { get; set; }
}
