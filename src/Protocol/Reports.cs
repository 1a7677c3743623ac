namespace Simulator.Protocol;

/// <summary>How a client's learning stands (ccm-madrl, section 6): the first that holds, from the end of this list.</summary>
public enum AgentState : byte
{
    /// <summary>None of the others.</summary>
    Learning,

    /// <summary>More than 0.9 of its outputs are saturated.</summary>
    Saturated,

    /// <summary>Its gradient has vanished in each of the last W updates.</summary>
    Dead,

    /// <summary>No parameter moved in any of the last W optimiser steps.</summary>
    Frozen,
}

/// <summary>Outputs of one policy since its last update: acting, and one pass over the minibatch.</summary>
/// <param name="Outputs">Number of outputs that the rest is taken over.</param>
/// <param name="SaturationRatio">Share of outputs a with |a| over the threshold.</param>
/// <param name="Slope">Mean da/dz; for tanh 1 - tanh^2 z.</param>
/// <param name="PreActivationMean">Mean of z.</param>
/// <param name="PreActivationDeviation">Standard deviation of z.</param>
/// <param name="PreActivationMin">Smallest z.</param>
/// <param name="PreActivationMax">Largest z.</param>
/// <param name="ActionMean">Mean of a.</param>
/// <param name="ActionMin">Smallest a.</param>
/// <param name="ActionMax">Largest a.</param>
public sealed record ActivationSummary(
    int Outputs,
    double SaturationRatio,
    double Slope,
    double PreActivationMean,
    double PreActivationDeviation,
    double PreActivationMin,
    double PreActivationMax,
    double ActionMean,
    double ActionMin,
    double ActionMax);

/// <summary>The episodes at which something first happened to a client; 0 where it has not.</summary>
/// <param name="ReferenceStop">First episode at which it was frozen at one update: the research's stopping episode.</param>
/// <param name="SaturationOnset">First update with more than 0.9 of its outputs saturated.</param>
/// <param name="GradientDeath">First of W updates in a row with a vanished gradient.</param>
/// <param name="Freeze">First of W frozen updates in a row.</param>
public readonly record struct AgentOutcomes(int ReferenceStop, int SaturationOnset, int GradientDeath, int Freeze)
{
    /// <summary>Whether outputs had saturated when the freeze began: at its episode, or before.</summary>
    /// <param name="onset">Episode of the saturation onset; 0 or null where it has not come.</param>
    /// <param name="freeze">Episode of the freeze, likewise.</param>
    public static bool SaturatedFirst(int? onset, int? freeze) => onset > 0 && freeze > 0 && onset <= freeze;
}

/// <summary>What an update did to one client's policy, in full, as the client tells the master.</summary>
/// <param name="State">How its learning stands.</param>
/// <param name="GradientNorm">L2 norm of its gradient, before clipping.</param>
/// <param name="LayerNorms">L2 norms of its layers' gradients, in the order of the parameter layout.</param>
/// <param name="Clipped">Whether the gradient was clipped.</param>
/// <param name="Frozen">Whether no parameter moved.</param>
/// <param name="Finite">Whether gradient and parameters are finite.</param>
/// <param name="Activations">Its outputs since the last update.</param>
/// <param name="Outcomes">What has happened to it so far.</param>
/// <param name="Outputs">Its gradient's way and its outputs, action by action.</param>
public sealed record AgentReport(
    AgentState State,
    double GradientNorm,
    double[] LayerNorms,
    bool Clipped,
    bool Frozen,
    bool Finite,
    ActivationSummary Activations,
    AgentOutcomes Outcomes,
    OutputDiagnostics Outputs);

/// <summary>What an update did to one client's policy, in short.</summary>
/// <param name="State">How its learning stands.</param>
/// <param name="SaturationRatio">Share of saturated outputs since the last update.</param>
/// <param name="Slope">Mean da/dz.</param>
/// <param name="GradientNorm">L2 norm of its gradient.</param>
/// <param name="Frozen">Whether no parameter moved.</param>
/// <param name="Outcomes">What has happened to it so far.</param>
public readonly record struct AgentSample(AgentState State, float SaturationRatio, float Slope, float GradientNorm, bool Frozen, AgentOutcomes Outcomes);

/// <summary>What an update did to a network, or to all actors of a cell together (root mean squares over the agents).</summary>
/// <param name="Loss">Loss before the step; of the actors: the mean over the clients' own steps.</param>
/// <param name="GradientNorm">L2 norm of the gradient, before clipping.</param>
/// <param name="LayerNorms">L2 norms of the layers' gradients.</param>
/// <param name="Clipped">How many networks had their gradient clipped; a policy that clients share is one.</param>
public sealed record GradientReport(double Loss, double GradientNorm, double[] LayerNorms, int Clipped);

/// <summary>One update of a cell: critic, actors together, and each agent in short. Where the actors' learning is delayed, most updates are of the critic alone.</summary>
/// <param name="Critic">The critic's step.</param>
/// <param name="Actors">The actors' steps: root mean squares over the agents; null where they made none.</param>
/// <param name="Activations">Outputs of all agents together since their last steps; null where they made none.</param>
/// <param name="MeanError">Mean priority error of the minibatch, before the step.</param>
/// <param name="Agents">Each agent, [N]; empty where they made no step.</param>
public sealed record UpdateReport(GradientReport Critic, GradientReport? Actors, ActivationSummary? Activations, double MeanError, AgentSample[] Agents)
{
    /// <summary>The actors' gradients on their way, and their outputs, action by action: root mean squares and means over the agents; null where the actors made no step.</summary>
    public OutputDiagnostics? Outputs { get; init; }

    /// <summary>What the actors' learning rate was multiplied by in this update, 1 where nothing scales it; null where the actors made no step.</summary>
    public double? ActorRateFactor { get; init; }

    /// <summary>Root mean square over agents of the actor gradient's norm, over the critic gradient's norm; null where the critic's is zero, or the actors made no step.</summary>
    public double? Asymmetry => Critic.GradientNorm > 0 && Actors is not null ? Actors.GradientNorm / Critic.GradientNorm : null;
}
