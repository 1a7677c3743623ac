namespace Simulator.Environment;

/// <summary>What one step of a cell brought.</summary>
/// <param name="Reward">The reward that all clients share: minus the weighted sum of their costs.</param>
/// <param name="Done">Whether this was the episode's last step.</param>
/// <param name="EnergyViolationRatio">Share of clients whose battery is below the reserve, in [0, 1].</param>
/// <param name="DeadlineViolationRatio">Share of clients whose task was late, in [0, 1].</param>
public readonly record struct StepResult(double Reward, bool Done, double EnergyViolationRatio, double DeadlineViolationRatio);
