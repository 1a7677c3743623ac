using Microsoft.AspNetCore.Components;

namespace Simulator.Watching.Page;

/// <summary>What stands around each page.</summary>
public sealed partial class Frame
{
    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    private bool IsPopulation => Navigation.ToBaseRelativePath(Navigation.Uri).Split('?', '#')[0].Length == 0;
}
