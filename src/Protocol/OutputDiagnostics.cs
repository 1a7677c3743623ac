namespace Simulator.Protocol;

/// <summary>
/// One action's outputs between two updates. Of an agent's noise-free actions since its last update (acting, and one pass over the minibatch): the shares near either bound, mean slope, quantiles of
/// |z|. Of the minibatch alone: what the gradient wants of the saturated ones, and the variance. Of a cell: the means over its agents, of quantiles too.
/// </summary>
/// <param name="Low90">Share with a &lt; -0.9.</param>
/// <param name="High90">Share with a &gt; 0.9.</param>
/// <param name="Low99">Share with a &lt; -0.99.</param>
/// <param name="High99">Share with a &gt; 0.99.</param>
/// <param name="Slope">Mean da/dz.</param>
/// <param name="Z50">The smallest |z| that half of them do not exceed.</param>
/// <param name="Z90">The smallest |z| that 90 % of them do not exceed.</param>
/// <param name="Z99">The smallest |z| that 99 % of them do not exceed.</param>
/// <param name="Stuck">Of the outputs with |a| over the threshold the share whose ascent direction -dL/da points inward: they want to come back. NaN where none is over it.</param>
/// <param name="Boundary">The share whose ascent direction points outward: the boundary is their optimum. The rest has no gradient. NaN where none is over the threshold.</param>
/// <param name="Variance">Variance of a over the states: whether the policy still looks at its input.</param>
public readonly record struct ActionOutputs(
    float Low90, float High90, float Low99, float High99, float Slope, float Z50, float Z90, float Z99, float Stuck, float Boundary, float Variance)
{
    /// <summary>Names of the numbers in the result files, behind the action's name, in the order of <see cref="CopyTo"/>.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["low_90", "high_90", "low_99", "high_99", "slope", "z_50", "z_90", "z_99", "stuck", "boundary", "variance"];

    /// <summary>Number of numbers.</summary>
    public const int Width = 11;

    /// <summary>Reads them in their order.</summary>
    public static ActionOutputs From(ReadOnlySpan<float> v) => new(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10]);

    /// <summary>Writes them in their order.</summary>
    public void CopyTo(Span<float> destination)
    {
        destination[0] = Low90;
        destination[1] = High90;
        destination[2] = Low99;
        destination[3] = High99;
        destination[4] = Slope;
        destination[5] = Z50;
        destination[6] = Z90;
        destination[7] = Z99;
        destination[8] = Stuck;
        destination[9] = Boundary;
        destination[10] = Variance;
    }
}

/// <summary>
/// Where an actor's gradient is lost on its way from the critic to the parameters, and what its outputs do, action by action. The norms are an agent's, or root mean squares over the agents of a
/// cell: |dL/dtheta| is the product of <see cref="ActionGradient"/>, <see cref="SquashFactor"/> and <see cref="BodyFactor"/>, wherever the critic's gradient reaches the pre-activations. Penalties on
/// them and a Gaussian's entropy are added behind the output function: what they contribute is in |dL/dtheta| alone, and so in <see cref="BodyFactor"/>, whose remarks say where that is not the whole truth.
/// </summary>
/// <param name="ActionGradient">Frobenius norm of dL/da over the minibatch, [B, 3], clipped as mitigation.action_gradient_clip has it.</param>
/// <param name="PreActivationGradient">Frobenius norm of what the output function makes of it, dL/dz, before penalties and entropy are added.</param>
/// <param name="ParameterGradient">L2 norm of dL/dtheta, before clipping: penalties and entropy are in it.</param>
/// <param name="DormantUnits">Share of dormant hidden units; of a cell the mean.</param>
/// <param name="Offload">Outputs of the first action.</param>
/// <param name="Cpu">Outputs of the second action.</param>
/// <param name="Power">Outputs of the third action.</param>
public sealed record OutputDiagnostics(
    double ActionGradient, double PreActivationGradient, double ParameterGradient, double DormantUnits, ActionOutputs Offload, ActionOutputs Cpu, ActionOutputs Power)
{
    /// <summary>Names of the actions, in their order.</summary>
    public static IReadOnlyList<string> Actions { get; } = ["offload", "cpu", "power"];

    /// <summary>|dL/dz| / |dL/da|: what the output function leaves of the critic's gradient; 0 where there is none.</summary>
    public double SquashFactor => ActionGradient > 0 ? PreActivationGradient / ActionGradient : 0;

    /// <summary>|dL/dtheta| / |dL/dz|: what the network makes of it, and of what penalties and entropy add; 0 where the critic's does not reach it.</summary>
    /// <remarks>
    /// Of a policy that clients share, dL/dtheta is the mean over the clients' and dL/dz each client's own: what cancels between clients counts as lost in the body. With <c>mitigation.initial_l2</c> the pull to the
    /// initial weights is part of dL/dtheta, and not of dL/dz: where the squash lets next to nothing through, the factor is large and tells of the pull; where it lets nothing through, it is 0 and the
    /// product is not |dL/dtheta|. In neither case did the body lose anything.
    /// </remarks>
    public double BodyFactor => PreActivationGradient > 0 ? ParameterGradient / PreActivationGradient : 0;

    /// <summary>Outputs of an action, by its place in <see cref="Actions"/>.</summary>
    public ActionOutputs Of(int action) => action switch
    {
        0 => Offload,
        1 => Cpu,
        2 => Power,
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "no such action"),
    };

    /// <summary>Writes the numbers of all actions, one action after the other, [3 * <see cref="ActionOutputs.Width"/>].</summary>
    public void CopyTo(Span<float> destination)
    {
        Offload.CopyTo(destination);
        Cpu.CopyTo(destination[ActionOutputs.Width..]);
        Power.CopyTo(destination[(2 * ActionOutputs.Width)..]);
    }
}
