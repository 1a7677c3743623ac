using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Agents.Tests;

public sealed class ClientAgentTests
{
    private static readonly float[] Z = [0.3f, -0.2f, 1.7f];
    private static readonly float[] A = Array.ConvertAll(Z, MathF.Tanh);

    [Fact]
    public void Noise_follows_its_formula_and_actions_are_clipped()
    {
        var agent = Client();
        var clipped = 0;
        foreach (var (episode, step) in new[] { (1, 0), (1, 9), (2, 3), (500, 0), (20_000, 5) })
        {
            var explored = Array.ConvertAll(Components(agent.Act(new Turn(0, Phase.Training, episode, step), Z).Explored), v => (double)v);
            var epsilon = 0.01 + (0.99 * Math.Exp(-(episode - 1) / 2000.0));
            var random = new RandomStream(42, DrawPurpose.Noise, 3, episode, step);
            for (var i = 0; i < 3; i++)
            {
                var free = A[i] + (epsilon * random.NextNormal());
                Assert.Equal((float)Math.Max(-1, Math.Min(1, free)), (float)explored[i]);
                clipped += Math.Abs(free) > 1 ? 1 : 0;
            }
        }

        Assert.True(clipped > 0, "No action was clipped.");
    }

    [Fact]
    public void Equal_turns_draw_equal_noise_whatever_the_order_of_calls_and_the_epoch()
    {
        var turns = Enumerable.Range(1, 4).SelectMany(e => Enumerable.Range(0, 5).Select(s => new Turn(0, Phase.Training, e, s))).ToArray();
        var (forward, backward) = (Client(), Client());
        var first = turns.ToDictionary(t => t, t => forward.Act(t, Z));
        var second = turns.Reverse().ToDictionary(t => t, t => backward.Act(t with { Epoch = 8 }, Z));

        Assert.All(turns, t => Assert.Equal(first[t], second[t]));
        Assert.Equal(turns.Length, first.Values.Distinct().Count());
        Assert.NotEqual(Client(client: 4).Act(turns[0], Z), first[turns[0]]);
        Assert.NotEqual(Client(seed: 43).Act(turns[0], Z), first[turns[0]]);
    }

    [Fact]
    public void In_evaluation_there_is_no_noise_and_no_monitoring()
    {
        var agent = Client();
        Assert.Equal((ClientAction.From(A), ClientAction.From(A)), agent.Act(new Turn(0, Phase.Evaluation, 0, 0), Z));
        agent.Act(new Turn(0, Phase.Training, 1, 0), Z);
        agent.Act(new Turn(0, Phase.Evaluation, 1, 1), [9f, 9f, 9f]);

        var report = agent.Learned(new Turn(0, Phase.Learning, 1, 10), new StepOutcome(1, [1], false, false, true));

        Assert.Equal(3, report.Activations.Outputs);
        Assert.Equal(1 / 3.0, report.Activations.SaturationRatio);
    }

    [Fact]
    public void Acting_and_the_minibatch_count_together_and_a_report_says_what_the_step_did()
    {
        var agent = Client();
        agent.Act(new Turn(0, Phase.Training, 7, 0), Z);
        agent.Minibatch(new Turn(0, Phase.Learning, 1, 10), new HostPayload(new[] { 5f, 5f, 5f, 0f, 0f, 0f }));

        var report = agent.Learned(new Turn(0, Phase.Learning, 7, 10), new StepOutcome(2.5, [1.5, 2], Clipped: true, Frozen: true, Finite: true));

        Assert.Equal(6, report.Activations.Outputs);
        Assert.Equal(4 / 6.0, report.Activations.SaturationRatio);
        Assert.Equal((2.5, true, true, true), (report.GradientNorm, report.Clipped, report.Frozen, report.Finite));
        Assert.Equal([1.5, 2], report.LayerNorms);
        Assert.Equal(new AgentOutcomes(ReferenceStop: 7, 0, 0, 0), report.Outcomes);
    }

    [Fact]
    public void A_gradient_goes_through_the_output_function_where_the_minibatch_was_seen()
    {
        var agent = Client();
        var (actions, next) = agent.Minibatch(new Turn(0, Phase.Learning, 1, 10), new HostPayload(new[] { 0.3f, -0.2f, 1.7f, 0.1f, 0.2f, 0.3f }));
        agent.Act(new Turn(0, Phase.Evaluation, 0, 0), [5f, 5f, 5f]);

        var gradient = agent.Gradient(new HostPayload(new[] { 1f, -2f, 3f }));

        Assert.Equal(A, actions.ToArray());
        Assert.Equal(Array.ConvertAll(new[] { 0.1f, 0.2f, 0.3f }, MathF.Tanh), next.ToArray());
        float[] expected = [1 - (A[0] * A[0]), -2 * (1 - (A[1] * A[1])), 3 * (1 - (A[2] * A[2]))];
        Assert.Equal(expected, gradient.ToArray());
    }

    [Fact]
    public void Where_there_is_a_target_it_acts_for_the_transition_before_and_the_policy_for_this_one()
    {
        var (plain, agent) = (Client(), new ClientAgent(3, Settings() with { Targets = true }));
        var turn = new Turn(0, Phase.Training, 7, 0);
        var observation = new HostPayload(new float[] { 1, 2, 3, 4, 5, 6, 7 });
        Assert.Equal((14, 1), (agent.See(turn, observation).Seen.Length, agent.See(turn, observation).TargetRows));
        Assert.Equal((7, 0), (agent.See(turn with { Phase = Phase.Evaluation }, observation).Seen.Length, agent.See(turn with { Phase = Phase.Evaluation }, observation).TargetRows));
        Assert.Equal((7, 0), (plain.See(turn, observation).Seen.Length, plain.See(turn, observation).TargetRows));

        var (target, explored) = agent.Act(turn, [.. Z, 5f, 5f, 5f]);

        Assert.Equal(ClientAction.From([MathF.Tanh(5), MathF.Tanh(5), MathF.Tanh(5)]), target);
        Assert.Equal(plain.Act(turn, Z).Explored, explored);
        var (own, other) = (Report(plain), Report(agent));
        Assert.Equal(own.Activations, other.Activations);

        static AgentReport Report(ClientAgent client) => client.Learned(new Turn(0, Phase.Learning, 7, 10), new StepOutcome(1, [1], false, false, true));
    }

    [Fact]
    public void Observations_are_scaled_by_the_running_statistics_that_came_last()
    {
        var agent = Client();
        var raw = new HostPayload(new float[] { 1, 2, 3, 4, 5, 6, 1000 });
        agent.Scale(HostPayload.Empty);
        Assert.Same(raw, agent.See(raw));
        agent.Scale(new HostPayload(new float[] { 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1 }));
        agent.Scale(new HostPayload(new float[] { 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2 }));
        float[] expected = [0, 0.5f, 1, 1.5f, 2, 2.5f, 10];
        var seen = agent.See(raw).ToArray();
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], seen[i], 1e-6);
    }

    [Fact]
    public void Raw_observations_are_seen_as_they_are_and_scaled_ones_in_their_ranges()
    {
        var options = new EnvironmentOptions();
        float[] raw = [1f, 14f, 1.6f, 50f, 300f, 0.5f, 1.5f];
        float[] scaled = [-1f, 1f, 0f, 1f, -1f, 0f, 1f];

        Assert.Equal([.. raw, .. raw], Client().See(new HostPayload(raw), new HostPayload(raw)).ToArray());
        var seen = Client(scaling: new ObservationScaling(options)).See(new HostPayload(raw)).ToArray();
        for (var i = 0; i < raw.Length; i++)
            Assert.Equal(scaled[i], seen[i], 1e-6);
        Assert.Equal([1f, 14f, 1.6f, 50f, 300f, 0.5f, 1.5f], raw);
    }

    public static TheoryData<PolicyVariant, LastLayerStart> Starts()
    {
        var data = new TheoryData<PolicyVariant, LastLayerStart>();
        foreach (var variant in Enum.GetValues<PolicyVariant>())
        {
            foreach (var start in Enum.GetValues<LastLayerStart>())
                data.Add(variant, start);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void Initial_weights_fill_the_bounds_of_their_layer(PolicyVariant variant, LastLayerStart start)
    {
        double? own = start switch
        {
            LastLayerStart.Small => 3e-3,
            LastLayerStart.Tiny => 1e-4,
            LastLayerStart.Default => null,
            _ => variant is PolicyVariant.Baseline or PolicyVariant.Large or PolicyVariant.Larger or PolicyVariant.Linear ? 3e-3 : null,
        };
        var architecture = NetworkArchitecture.Actor(variant, Observation.Width, ClientAction.Width);
        var parameters = Client(architecture: architecture, lastLayer: InitialWeights.LastLayerBound(variant, start)).InitialParameters();

        Assert.Equal(architecture.Layout.Length, parameters.Length);
        foreach (var tensor in architecture.Layout.Tensors)
        {
            var values = parameters.AsSpan(tensor.Offset, tensor.Length).ToArray();
            switch (tensor.Kind)
            {
                case ParameterKind.Gain:
                    Assert.All(values, v => Assert.Equal(1, v));
                    break;
                case ParameterKind.Shift:
                    Assert.All(values, v => Assert.Equal(0, v));
                    break;
                default:
                    var bound = tensor.IsLastLayer && own is { } last ? last : 1 / Math.Sqrt(FanIn(tensor, architecture));
                    Assert.All(values, v => Assert.InRange(Math.Abs(v), 0, bound * 1.000001));
                    if (values.Length >= 32)
                    {
                        Assert.True(values.Max() > 0.8 * bound && values.Min() < -0.8 * bound, tensor.Name);
                        Assert.InRange(values.Average() / bound, -0.5, 0.5);
                    }

                    break;
            }
        }
    }

    [Fact]
    public void Initial_weights_belong_to_seed_and_client_and_to_nothing_else()
    {
        var own = Client().InitialParameters();
        var busy = Client();
        busy.Act(new Turn(0, Phase.Training, 1, 0), Z);

        Assert.Equal(own, busy.InitialParameters());
        Assert.NotEqual(own, Client(client: 4).InitialParameters());
        Assert.NotEqual(own, Client(seed: 43).InitialParameters());
    }

    [Fact]
    public void Clients_with_one_policy_draw_the_first_ones()
    {
        var shared = new ClientAgent(3, Settings() with { Shared = true });
        Assert.Equal(Client(client: 0).InitialParameters(), shared.InitialParameters());
    }

    [Fact]
    public void A_client_starts_with_the_policy_that_was_given_for_it()
    {
        HostPayload[] given = [.. Enumerable.Range(0, 5).Select(_ => new HostPayload(new float[3]))];
        Assert.Same(given[3], new ClientAgent(3, Settings() with { Policies = given }).Start());
        Assert.Same(given[0], new ClientAgent(3, Settings() with { Policies = given, Shared = true }).Start());
    }

    [Fact]
    public void A_client_that_acts_does_what_its_policy_says_and_learns_nothing()
    {
        var client = new ClientAgent(3, Settings() with { Learns = false });
        Assert.Equal((ClientAction.From(A), ClientAction.From(A)), client.Act(new Turn(0, Phase.Acting, 1, 0), Z));
        Assert.Throws<InvalidOperationException>(() => client.Minibatch(default, new HostPayload(Z)));
        Assert.Throws<InvalidOperationException>(() => client.Learned(default, new StepOutcome(0, [], false, false, true)));
    }

    [Fact]
    public void An_observation_that_is_not_scaled_is_passed_on_as_it_is()
    {
        IPayload raw = new HostPayload(new float[Observation.Width]);
        Assert.Same(raw, Client().See(raw));
        Assert.NotSame(raw, Client(scaling: new ObservationScaling(new EnvironmentOptions())).See(raw));
    }

    internal static ClientAgent Client(
        int client = 3, ulong seed = 42, ObservationScaling? scaling = null, NetworkArchitecture? architecture = null, float? lastLayer = InitialWeights.SmallBound) =>
        new(client, Settings(seed, scaling, architecture, lastLayer));

    internal static ClientSettings Settings(
        ulong seed = 42, ObservationScaling? scaling = null, NetworkArchitecture? architecture = null, float? lastLayer = InitialWeights.SmallBound) => new(
        seed,
        architecture ?? NetworkArchitecture.Actor(PolicyVariant.Baseline, Observation.Width, ClientAction.Width),
        lastLayer,
        new ExplorationOptions(),
        scaling,
        SaturationThreshold: 0.9,
        Window: 10);

    [Fact]
    public void Fresh_weights_differ_from_the_first_ones_and_between_clients_and_steps_and_stay_within_the_same_bounds()
    {
        var settings = Settings();
        var first = Client().InitialParameters();
        var fresh = ClientAgent.FreshParameters(settings, 3, 1000);

        Assert.Equal(fresh, ClientAgent.FreshParameters(settings, 3, 1000));
        foreach (var tensor in settings.Policy.Layout.Tensors.Where(t => t.Kind == ParameterKind.Linear))
        {
            var range = new Range(tensor.Offset, tensor.Offset + tensor.Length);
            Assert.DoesNotContain(fresh[range].Zip(first[range]), pair => pair.First == pair.Second);
            Assert.NotEqual(fresh[range], ClientAgent.FreshParameters(settings, 4, 1000)[range]);
            Assert.NotEqual(fresh[range], ClientAgent.FreshParameters(settings, 3, 2000)[range]);
            var bound = tensor.Layer == "fc3" ? 3e-3 : 1 / Math.Sqrt(FanIn(tensor, settings.Policy));
            Assert.All(fresh[range], v => Assert.InRange(Math.Abs(v), 0, bound * 1.000001));
        }
    }

    private static int FanIn(ParameterTensor tensor, NetworkArchitecture network) => tensor.Layer switch
    {
        "fc1" => network.Inputs,
        "fc2" => network.Hidden1,
        _ => network.Hidden2,
    };

    private static float[] Components(ClientAction action) => [action.Offload, action.Cpu, action.Power];
}
