using Microsoft.AspNetCore.Components;

namespace Simulator.Watching.Page;

/// <summary>A page that looks again while the run goes on, as long as its reader wants.</summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private IDisposable? _told;
    private bool _looks;
    private bool _disposed;

    /// <summary>Whether the page follows the run; its reader may stop that.</summary>
    protected bool Follows { get; set; } = true;

    [Inject]
    private protected Watched Watched { get; set; } = null!;

    [Inject]
    private protected PageClock Clock { get; set; } = null!;

    [CascadingParameter]
    private protected HttpContext? Http { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose()"/>
    protected virtual void Dispose(bool disposing)
    {
        _disposed = true;
        _told?.Dispose();
    }

    /// <summary>Takes in what is new. What takes time is done on another thread.</summary>
    protected abstract Task LookAsync();

    /// <inheritdoc/>
    protected override Task OnParametersSetAsync() => LookAsync();

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender && !_disposed)
        {
            _told = Clock.Tell(() => _ = InvokeAsync(LookAgainAsync));
        }
    }

    /// <summary>What was done to the cells of the run.</summary>
    private protected IReadOnlyList<Lab.InterventionRecord> Interventions => Watched.Run?.Interventions.Records ?? [];

    /// <summary>What is said while there is nothing to show yet.</summary>
    private protected string Pending => Watched.Run is null ? "The run has not begun." : "The page is being made.";

    /// <summary>Says that there is no such page, to whoever asks for the document.</summary>
    private protected void Missing()
    {
        // Set earlier, the status would keep the words of the page from being sent.
        if (Http is { Response.HasStarted: false } http)
        {
            http.Response.OnStarting(() =>
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        }
    }

    private async Task LookAgainAsync()
    {
        if (_looks || _disposed || !Follows)
        {
            return;
        }

        _looks = true;
        try
        {
            await LookAsync();
            StateHasChanged();
        }
#pragma warning disable CA1031 // Whatever it is, the page says that it failed.
        catch (Exception fault)
        {
            await DispatchExceptionAsync(fault);
        }
#pragma warning restore CA1031
        finally
        {
            _looks = false;
        }
    }
}
