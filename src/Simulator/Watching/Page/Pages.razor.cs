using Microsoft.AspNetCore.Components;

namespace Simulator.Watching.Page;

/// <summary>Links to the pages before and after; nothing where there is one page.</summary>
public sealed partial class Pages
{
    /// <summary>Number of pages.</summary>
    [Parameter]
    [EditorRequired]
    public int Count { get; set; }

    /// <summary>The page that is shown, from 1.</summary>
    [Parameter]
    [EditorRequired]
    public int Shown { get; set; }

    /// <summary>The address of a page.</summary>
    [Parameter]
    [EditorRequired]
    public Func<int, string> Address { get; set; } = null!;

    /// <summary>What the pages are of.</summary>
    [Parameter]
    [EditorRequired]
    public string Name { get; set; } = null!;
}
