using Simulator.Cells;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>The cells of one run, for their hosts on the node that runs it.</summary>
/// <param name="plan">The run's plan.</param>
/// <param name="store">Where its checkpoints are; null for cells that keep nothing.</param>
/// <param name="writer">Writes them.</param>
/// <param name="time">Clock.</param>
internal sealed class RunCatalog(ScenarioPlan plan, IRunStore? store, CheckpointWriter writer, TimeProvider time) : ICellCatalog
{
    /// <inheritdoc/>
    public Task<ICellKeeper> OpenAsync(RunDescription run, int cell, int epoch, CancellationToken cancellation) => Task.FromResult<ICellKeeper>(
        new CellKeeper(
            plan.Cells[cell], cell, store?.Of(plan.Cells[cell].Name, cell, epoch), writer, time, TimeSpan.FromSeconds(plan.Scenario.Checkpoint.Seconds)));

    /// <inheritdoc/>
    public CellOptions Plan(RunDescription run, int cell) => plan.Cells[cell].Options;
}
