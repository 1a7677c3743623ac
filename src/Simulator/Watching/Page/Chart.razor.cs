using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Plotly.Blazor;

namespace Simulator.Watching.Page;

/// <summary>Draws a chart, and draws it again when its drawing is another.</summary>
public sealed partial class Chart
{
    private static readonly Config Config = new() { Responsive = true, DisplayLogo = false, DisplayModeBar = Plotly.Blazor.ConfigLib.DisplayModeBarEnum.False };

    private PlotlyChart? _chart;
    private IList<ITrace> _traces = [];
    private Drawing? _drawn;

    /// <summary>What is drawn.</summary>
    [Parameter]
    [EditorRequired]
    public Drawing Drawing { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnParametersSet() => _traces = [.. Drawing.Traces];

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_chart is null || ReferenceEquals(_drawn, Drawing))
        {
            return;
        }

        var isNew = _drawn is null;
        _drawn = Drawing;
        if (!isNew) // A new one draws itself.
        {
            try
            {
                await _chart.React();
            }
            catch (Exception fault) when (fault is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
            {
                // The reader has left.
            }
        }
    }
}
