using Simulator.Agents;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>From a cell's options to its networks and to the settings of its clients and its master.</summary>
public static class CellMembers
{
    /// <summary>Largest gradient norm of the clipped variant (ccm-madrl, section 7).</summary>
    public const double ClippedNorm = 1;

    /// <summary>Architecture of the clients' policies.</summary>
    public static NetworkArchitecture PolicyOf(CellOptions options)
    {
        var actor = NetworkArchitecture.Actor(options.Policy.Variant, Observation.Width, HeadOf(options).Outputs);
        actor = options.Mitigation.ActorActivation switch
        {
            ActorActivation.Relu => actor with { Activation = HiddenActivation.Relu },
            ActorActivation.Tanh => actor with { Activation = HiddenActivation.Tanh },
            _ => actor,
        };
        return actor.WithHiddenNorm(options.Mitigation.ActorLayerNorm);
    }

    /// <summary>Architecture of the critic.</summary>
    public static NetworkArchitecture CriticOf(CellOptions options)
    {
        var critic = NetworkArchitecture.Critic(options.Policy.Variant, CriticBank.InputWidth(options.Clients, Observation.Width, ClientAction.Width));
        return critic.WithHiddenNorm(options.Mitigation.CriticLayerNorm);
    }

    /// <summary>Largest gradient norm of each network, 0 for no limit.</summary>
    public static double MaxGradientNormOf(CellOptions options) =>
        options.Learning.MaxGradNorm ?? (options.Policy.Variant == PolicyVariant.Clipped ? ClippedNorm : 0);

    /// <summary>What pulls the parameters of each network back.</summary>
    public static Regularisation RegularisationOf(CellOptions options) => new(options.Mitigation.WeightDecay, options.Mitigation.InitialL2);

    /// <summary>When dormant units of the policies begin anew, and with which weights; null for never.</summary>
    /// <param name="options">The cell's options.</param>
    /// <param name="first">Client of the first policy of the reservation.</param>
    public static Recycling? PolicyRecyclingOf(CellOptions options, int first = 0)
    {
        var settings = ClientsOf(options);
        return RecyclingOf(options.Mitigation, (client, step) => ClientAgent.FreshParameters(settings, first + client, step));
    }

    /// <summary>When dormant units of the critic begin anew, and with which weights; null for never.</summary>
    public static Recycling? CriticRecyclingOf(CellOptions options)
    {
        var critic = CriticOf(options);
        return RecyclingOf(options.Mitigation, (_, step) => MasterAgent.FreshParameters(critic, options.Seed, step));
    }

    /// <summary>Share by which targets follow their networks; 1 where there are none.</summary>
    public static double TauOf(CellOptions options) => options.Learns ? options.Learning.Tau : 1;

    /// <summary>Policies of the cell: one for each client, or one.</summary>
    public static int PoliciesOf(CellOptions options) => options.SharesPolicy ? 1 : options.Clients;

    /// <summary>Settings of the clients, one record for all of them.</summary>
    public static ClientSettings ClientsOf(CellOptions options) => new(
        options.Seed,
        PolicyOf(options),
        InitialWeights.LastLayerBound(options.Policy.Variant, options.Policy.LastLayer),
        options.Exploration,
        ScalingOf(options),
        options.Tracking.SaturationThreshold,
        options.Tracking.Window)
    {
        Head = HeadOf(options),
        Terms = new OutputTerms(options.Mitigation.PreactivationPenalty, options.Mitigation.BoundPenalty, options.Mitigation.ActionGradientClip),
        Learns = options.Learns,
        Shared = options.SharesPolicy,
        Targets = TauOf(options) < 1,
        Policies = options.Networks?.Policies,
    };

    /// <summary>Settings of the master.</summary>
    public static MasterSettings MasterOf(CellOptions options) => new(
        options.Clients,
        options.Seed,
        CriticOf(options),
        options.Environment,
        options.Selection,
        options.Learning,
        options.Exploration.Epsilon,
        ScalingOf(options),
        options.Mitigation.Rewards == RewardScale.Scaled)
    {
        Learns = options.Learns,
        SharedPolicy = options.SharesPolicy,
        Start = options.Networks?.Critic,
        ActorDelay = options.Mitigation.ActorDelay,
        Smoothing = options.Mitigation.TargetNoise > 0 ? new TargetSmoothing(options.Seed, options.Mitigation.TargetNoise, options.Mitigation.TargetNoiseClip) : null,
        Asymmetry = options.Mitigation.AsymmetryScaling,
        AsymmetryBounds = options.Mitigation.AsymmetryBounds,
        PopArtRate = options.Mitigation.Popart ? options.Mitigation.PopartRate : null,
    };

    /// <summary>The parameters that the critic of a cell starts with: given ones, or drawn from the cell's seed, in a cell that acts from that of the critics.</summary>
    public static HostPayload CriticStartOf(CellOptions options) =>
        options.Networks?.Critic ?? new HostPayload(MasterAgent.InitialParameters(CriticOf(options), options.Learns ? options.Seed : options.CriticSeed));

    private static Recycling? RecyclingOf(MitigationOptions options, Recycling.FreshNetwork draw) =>
        options.RecycleEvery > 0 ? new Recycling(options.RecycleEvery, options.RecycleThreshold, draw) : null;

    private static OutputHead HeadOf(CellOptions options) => OutputHead.Of(options.Mitigation.Output, options.Mitigation.OutputScale);

    /// <summary>What observations are scaled by from the start; running statistics of a cell that learns come with its steps.</summary>
    private static ObservationScaling? ScalingOf(CellOptions options) => options switch
    {
        { Mitigation.Observations: ObservationScale.Scaled } => new ObservationScaling(options.Environment),
        { Mitigation.Observations: ObservationScale.Running, Learns: false, Networks.ObservationStatistics: { } numbers } =>
            new ObservationScaling(numbers.Span[..Observation.Width], numbers.Span[Observation.Width..]),
        _ => null,
    };
}
