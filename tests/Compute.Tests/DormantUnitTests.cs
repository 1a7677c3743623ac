using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute.Tests;

/// <summary>Dormant hidden units: which they are, by a network of plain loops, and what becomes of them when they are recycled.</summary>
public abstract class DormantUnitTests(ComputeDevice device) : IDisposable
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Batch = 20;
    private const int Clients = 3;
    private const double Rate = 0.003;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Variant, whether a LayerNorm stands before each hidden activation, whether that is tanh.</summary>
    public static TheoryData<PolicyVariant, bool, bool> Bodies() => new()
    {
        { PolicyVariant.Baseline, false, false },
        { PolicyVariant.Baseline, true, false },
        { PolicyVariant.Baseline, true, true },
        { PolicyVariant.Linear, false, false },
        { PolicyVariant.Fullnorm, false, false },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void A_learning_pass_of_policies_tells_the_share_of_units_that_sleep(PolicyVariant variant, bool norm, bool tanh)
    {
        var architecture = Policy(variant, norm, tanh);
        using var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(3, Rate, 0);
        var parameters = Enumerable.Range(0, 3).Select(slot => Sleepers(architecture, slot, first: 5 + (7 * slot), second: 2 * slot)).ToArray();
        for (var slot = 0; slot < 3; slot++)
            bank.Write(slot, 0, parameters[slot]);
        var seen = Numbers.Uniform(1, 3 * Batch * Inputs, 2);

        var outcomes = bank.Improve(0, 3, Batch, seen, Numbers.Uniform(2, 3 * Batch * Outputs));

        for (var slot = 0; slot < 3; slot++)
        {
            var rows = Enumerable.Range(0, Batch).Select(b => seen.AsSpan(((slot * Batch) + b) * Inputs, Inputs).ToArray());
            var dormant = Dormant(architecture, parameters[slot], rows).Count(d => d);
            Assert.True(dormant >= 5 + (9 * slot), $"{dormant} units of slot {slot} sleep.");
            Assert.Equal((double)dormant / (architecture.Hidden1 + architecture.Hidden2), outcomes[slot].DormantShare, 1e-12);
        }
    }

    [Theory]
    [InlineData(PolicyVariant.Baseline, false)]
    [InlineData(PolicyVariant.Baseline, true)]
    public void A_learning_pass_of_a_critic_tells_it_over_the_pairs_that_are_there(PolicyVariant variant, bool norm)
    {
        var architecture = Critic(variant, norm);
        using var bank = CriticBank.Create(device, architecture, Clients, Inputs, Outputs);
        bank.Allocate(2, Rate, 0);
        var parameters = new[] { Sleepers(architecture, 1, first: 40, second: 9), Sleepers(architecture, 2, first: 3, second: 0) };
        bank.Write(0, 0, parameters[0]);
        bank.Write(1, 0, parameters[1]);
        var lessons = new[] { Lesson(3), Lesson(4) };

        var steps = bank.Improve(0, lessons);

        for (var slot = 0; slot < 2; slot++)
        {
            var dormant = Dormant(architecture, parameters[slot], Rows(lessons[slot])).Count(d => d);
            Assert.True(dormant >= (slot == 0 ? 49 : 3), $"{dormant} units of slot {slot} sleep.");
            Assert.Equal((double)dormant / (architecture.Hidden1 + architecture.Hidden2), steps[slot].Outcome.DormantShare, 1e-12);
        }
    }

    [Fact]
    public void A_network_without_any_activity_sleeps_as_a_whole()
    {
        var architecture = Policy(PolicyVariant.Baseline, norm: false, tanh: false);
        using var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(1, Rate, 0);

        Assert.Equal(1, bank.Improve(0, 1, Batch, Numbers.Uniform(1, Batch * Inputs), Numbers.Uniform(2, Batch * Outputs))[0].DormantShare);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Recycled_units_begin_anew_and_the_others_stay_as_they_are(PolicyVariant variant, bool norm, bool tanh)
    {
        const int every = 3;
        var architecture = Policy(variant, norm, tanh);
        var drawn = new List<(int Network, long Step)>();
        using var bank = PolicyBank.Create(device, architecture);
        using var plain = PolicyBank.Create(device, architecture);
        bank.Allocate(1, Rate, 0);
        bank.Allocate(2, Rate, 0, recycling: new Recycling(every, 0.025, Draw));
        plain.Allocate(3, Rate, 0);
        for (var slot = 0; slot < 3; slot++)
        {
            bank.Write(slot, 0, Sleepers(architecture, slot, first: 9, second: 4));
            plain.Write(slot, 0, Sleepers(architecture, slot, first: 9, second: 4));
        }

        var seen = Numbers.Uniform(1, 3 * Batch * Inputs, 2);
        var wanted = Numbers.Uniform(2, 3 * Batch * Outputs);
        for (var step = 1; step < every; step++)
        {
            bank.Improve(0, 3, Batch, seen, wanted);
            plain.Improve(0, 3, Batch, seen, wanted);
        }

        Assert.Empty(drawn);
        var before = Read(bank, 2);
        bank.Improve(0, 3, Batch, seen, wanted);
        plain.Improve(0, 3, Batch, seen, wanted);

        // The second of two networks that were allocated together, after its third step.
        Assert.Contains((1, 3L), drawn);
        Assert.All(drawn, d => Assert.Equal(every, d.Step));
        Numbers.SameBits(Read(plain, 0), Read(bank, 0), "a slot without recycling");
        var rows = Enumerable.Range(0, Batch).Select(b => seen.AsSpan(((2 * Batch) + b) * Inputs, Inputs).ToArray());
        var (renewed, values) = Renewal(architecture, Dormant(architecture, before, rows), Draw(1, every));
        Assert.Contains(true, renewed);
        var (stepped, recycled) = (Read(plain, 2), Read(bank, 2));
        for (var i = 0; i < recycled.Length; i++)
            Assert.Equal(renewed[i] ? values[i] : stepped[i], recycled[i]);

        // Without a gradient momentum alone moves weights, and what was renewed has none.
        bank.Improve(0, 3, Batch, seen, new float[wanted.Length]);
        var moved = Read(bank, 2);
        for (var i = 0; i < moved.Length; i++)
        {
            if (renewed[i])
                Assert.Equal(recycled[i], moved[i]);
        }

        Assert.NotEqual(recycled, moved);

        float[] Draw(int network, long step)
        {
            drawn.Add((network, step));
            return Numbers.Uniform(100 + (10 * network) + (int)step, architecture.Layout.Length);
        }
    }

    [Fact]
    public void Recycling_dead_units_changes_no_answer()
    {
        var architecture = Policy(PolicyVariant.Baseline, norm: false, tanh: false);
        using var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(1, 0, 0, recycling: new Recycling(1, 0, (_, _) => Numbers.Uniform(9, architecture.Layout.Length)));
        bank.Write(0, 0, Sleepers(architecture, 1, first: 12, second: 5));
        var seen = Numbers.Uniform(1, Batch * Inputs, 2);
        var before = Answer();
        var sleeping = Read(bank, 0);

        Assert.False(bank.Improve(0, 1, Batch, seen, new float[Batch * Outputs])[0].Frozen, "a network whose units are drawn anew is not frozen");

        Assert.NotEqual(sleeping, Read(bank, 0));
        Numbers.Near(before, Answer(), 1e-6, "pre-activations");

        float[] Answer()
        {
            var z = new float[Batch * Outputs];
            bank.Infer(0, 1, Batch, seen, z);
            return z;
        }
    }

    [Fact]
    public void A_critic_s_units_are_recycled_as_an_actor_s()
    {
        var architecture = Critic(PolicyVariant.Baseline, norm: true);
        var fresh = Numbers.Uniform(5, architecture.Layout.Length);
        using var bank = CriticBank.Create(device, architecture, Clients, Inputs, Outputs);
        using var plain = CriticBank.Create(device, architecture, Clients, Inputs, Outputs);
        bank.Allocate(1, Rate, 0, recycling: new Recycling(2, 0.025, (network, step) => (network, step) == (0, 2) ? fresh : throw new InvalidOperationException()));
        plain.Allocate(1, Rate, 0);
        var start = Sleepers(architecture, 1, first: 40, second: 9);
        bank.Write(0, 0, start);
        plain.Write(0, 0, start);
        bank.Improve(0, [Lesson(3)]);
        plain.Improve(0, [Lesson(3)]);
        Numbers.SameBits(Read(plain, 0), Read(bank, 0), "after the first step");
        var (renewed, values) = Renewal(architecture, Dormant(architecture, Read(bank, 0), Rows(Lesson(4))), fresh);

        bank.Improve(0, [Lesson(4)]);
        plain.Improve(0, [Lesson(4)]);

        Assert.Contains(true, renewed);
        var (stepped, recycled) = (Read(plain, 0), Read(bank, 0));
        for (var i = 0; i < recycled.Length; i++)
            Assert.Equal(renewed[i] ? values[i] : stepped[i], recycled[i]);
    }

    private static NetworkArchitecture Policy(PolicyVariant variant, bool norm, bool tanh)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs) with { InputNorm = false };
        architecture = norm ? architecture.WithHiddenNorm() : architecture;
        return tanh ? architecture with { Activation = HiddenActivation.Tanh } : architecture;
    }

    private static NetworkArchitecture Critic(PolicyVariant variant, bool norm)
    {
        var architecture = NetworkArchitecture.Critic(variant, CriticBank.InputWidth(Clients, Inputs, Outputs));
        return norm ? architecture.WithHiddenNorm() : architecture;
    }

    /// <summary>A network whose first few hidden units of each layer are silent: dead behind a ReLU, else with all that feeds them scaled to nearly nothing.</summary>
    private static float[] Sleepers(NetworkArchitecture architecture, int seed, int first, int second)
    {
        var parameters = Numbers.Parameters(architecture, seed);
        var layout = architecture.Layout;
        foreach (var (layer, units) in new[] { (1, first), (2, second) })
        {
            var bias = layout[$"fc{layer}.bias"];
            if (architecture.HiddenNorm == HiddenNorm.BeforeActivation)
            {
                parameters.AsSpan(layout[$"ln{layer}.weight"].Offset, units).Fill(1e-5f);
                parameters.AsSpan(layout[$"ln{layer}.bias"].Offset, units).Fill(1e-5f);
            }
            else if (architecture.Activation == HiddenActivation.Relu)
            {
                parameters.AsSpan(bias.Offset, units).Fill(-50);
            }
            else
            {
                parameters.AsSpan(bias.Offset, units).Fill(1e-5f);
                parameters.AsSpan(layout[$"fc{layer}.weight"].Offset, units * layout[$"fc{layer}.weight"].Columns).Fill(1e-6f);
            }
        }

        return parameters;
    }

    /// <summary>Sokar et al. 2023, definition 3.1, by plain loops in double precision, with tau = 0.025.</summary>
    private static bool[] Dormant(NetworkArchitecture network, float[] parameters, IEnumerable<float[]> rows)
    {
        double[]? active1 = null, active2 = null;
        foreach (var row in rows)
        {
            var (h1, next) = Layer(1, Array.ConvertAll(row, v => (double)v));
            var (h2, _) = Layer(2, next);
            active1 = [.. h1.Select((h, k) => Math.Abs(h) + (active1?[k] ?? 0))];
            active2 = [.. h2.Select((h, k) => Math.Abs(h) + (active2?[k] ?? 0))];
        }

        return [.. Of(active1!), .. Of(active2!)];

        static IEnumerable<bool> Of(double[] active) => active.Select(a => a / active.Average() <= 0.025);

        (double[] Activation, double[] Next) Layer(int layer, double[] x)
        {
            var (weight, bias) = (network.Layout[$"fc{layer}.weight"], network.Layout[$"fc{layer}.bias"]);
            double[] u = [.. Enumerable.Range(0, weight.Rows).Select(o => parameters[bias.Offset + o] + x.Select((v, k) => v * parameters[weight.Offset + (o * weight.Columns) + k]).Sum())];
            var before = network.HiddenNorm == HiddenNorm.BeforeActivation;
            double[] h = [.. (before ? Norm(layer, u) : u).Select(v => network.Activation switch
            {
                HiddenActivation.Relu => Math.Max(v, 0),
                HiddenActivation.Tanh => Math.Tanh(v),
                _ => v,
            })];
            return (h, network.HiddenNorm == HiddenNorm.AfterActivation ? Norm(layer, h) : h);
        }

        double[] Norm(int layer, double[] u)
        {
            var mean = u.Average();
            var deviation = Math.Sqrt(u.Average(v => (v - mean) * (v - mean)) + 1e-5);
            var (gain, shift) = (network.Layout[$"ln{layer}.weight"].Offset, network.Layout[$"ln{layer}.bias"].Offset);
            return [.. u.Select((v, k) => (parameters[gain + k] * (v - mean) / deviation) + parameters[shift + k])];
        }
    }

    /// <summary>What recycling must write: for each dormant unit its row and bias (and its norm's gain and bias) from the fresh network, then zeros to its column in the next layer.</summary>
    private static (bool[] Renewed, float[] Values) Renewal(NetworkArchitecture network, bool[] dormant, float[] fresh)
    {
        var (renewed, values) = (new bool[network.Layout.Length], new float[network.Layout.Length]);
        for (var unit = 0; unit < dormant.Length; unit++)
        {
            var (layer, own) = unit < network.Hidden1 ? ("1", unit) : ("2", unit - network.Hidden1);
            foreach (var tensor in network.Layout.Tensors.Where(t => dormant[unit] && t.Layer[^1..] == layer && t.Layer != "fc3"))
            {
                for (var column = 0; column < Math.Max(1, tensor.Columns); column++)
                {
                    var at = tensor.Offset + (own * Math.Max(1, tensor.Columns)) + column;
                    (renewed[at], values[at]) = (true, fresh[at]);
                }
            }
        }

        for (var unit = 0; unit < dormant.Length; unit++)
        {
            var (next, own) = unit < network.Hidden1 ? (network.Layout["fc2.weight"], unit) : (network.Layout["fc3.weight"], unit - network.Hidden1);
            for (var row = 0; dormant[unit] && row < next.Rows; row++)
                (renewed[next.Offset + (row * next.Columns) + own], values[next.Offset + (row * next.Columns) + own]) = (true, 0);
        }

        return (renewed, values);
    }

    /// <summary>A minibatch in which some places of pairs are empty.</summary>
    private static CriticLesson Lesson(int seed) => new(
        Numbers.Uniform(seed, Batch * Clients * (Inputs + Outputs), 2),
        Enumerable.Range(0, 2 * Batch).Select(i => i % 2 == 0 ? i % Clients : i % 3 == 0 ? Candidate.Zero : Candidate.None).ToArray(),
        Array.ConvertAll(Numbers.Uniform(seed + 20, Batch), v => (double)v),
        Enumerable.Repeat(1.0, Batch).ToArray());

    /// <summary>The whole input of each pair that is there.</summary>
    private static IEnumerable<float[]> Rows(CriticLesson lesson)
    {
        const int width = Clients * (Inputs + Outputs);
        for (var i = 0; i < lesson.Pairs.Length; i++)
        {
            var row = lesson.Joint.Slice(i / 2 * width, width).ToArray();
            var client = lesson.Pairs.Span[i];
            if (client != Candidate.None)
            {
                yield return client == Candidate.Zero
                    ? [.. row, .. new float[Inputs + Outputs]]
                    : [.. row, .. row.AsSpan(client * Inputs, Inputs), .. row.AsSpan((Clients * Inputs) + (client * Outputs), Outputs)];
            }
        }
    }

    private static float[] Read(Bank bank, int slot)
    {
        var parameters = new float[bank.Layout.Length];
        bank.Read(slot, 0, parameters);
        return parameters;
    }
}

/// <summary>On our own kernels.</summary>
public sealed class HostDormantUnitTests() : DormantUnitTests(ComputeDevice.Cpu);

/// <summary>On libtorch's operations, as a GPU computes.</summary>
public sealed class TorchDormantUnitTests() : DormantUnitTests(ComputeDevice.Reference);
