using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute.Tests;

/// <summary>The hand-written backward passes against autograd on an independent forward pass.</summary>
public abstract class GradientTests(ComputeDevice device) : IDisposable
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Batch = 64;
    private const double Tolerance = 1e-4;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        GC.SuppressFinalize(this);
    }

    public static TheoryData<PolicyVariant> Policies() => new(Enum.GetValues<PolicyVariant>());

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_policy_answers_and_learns_as_autograd_has_it(PolicyVariant variant)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs);
        using var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(2, 0.01, 0);
        var parameters = new float[2][];
        for (var slot = 0; slot < 2; slot++)
        {
            parameters[slot] = Numbers.Parameters(architecture, slot);
            bank.Write(slot, 0, parameters[slot]);
        }

        var seen = Numbers.Uniform(11, 2 * Batch * Inputs, 2);
        var wanted = Numbers.Uniform(12, 2 * Batch * Outputs);
        bank.Observe(0, 2, Batch, Numbers.Uniform(13, 2 * Batch * Inputs, 5));
        var z = new float[2 * Batch * Outputs];
        bank.Infer(0, 2, Batch, seen, z);
        var gradients = bank.Gradient(0, 2, Batch, seen, wanted);

        for (var slot = 0; slot < 2; slot++)
        {
            var network = new ReferenceNetwork(variant, bank.Layout, parameters[slot], architecture.InputNorm ? bank.ReadStatistics(slot) : null);
            var own = network.Forward(ReferenceNetwork.Double(seen.AsSpan(slot * Batch * Inputs, Batch * Inputs), Batch, Inputs), actor: true);
            var direction = wanted.AsSpan(slot * Batch * Outputs, Batch * Outputs);
            var at = new Range(slot * Batch * Outputs, (slot + 1) * Batch * Outputs);
            Numbers.Near(ReferenceNetwork.Floats(own), z.AsSpan(at), Tolerance, "pre-activations");
            (own * ReferenceNetwork.Double(direction, Batch, Outputs)).sum().backward();

            var expected = network.Gradient();
            foreach (var t in bank.Layout.Tensors)
            {
                Numbers.Near(
                    expected.AsSpan(t.Offset, t.Length), gradients.AsSpan((slot * bank.Layout.Length) + t.Offset, t.Length), Tolerance, $"slot {slot}, {t.Name}");
            }
        }
    }

    [Fact]
    public void A_policy_takes_its_rows_into_the_running_statistics_once_an_update()
    {
        var architecture = NetworkArchitecture.Actor(PolicyVariant.Fullnorm, Inputs, Outputs);
        using var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(1, 0.01, 0);
        bank.Write(0, 0, Numbers.Parameters(architecture, 1));
        var mean = new double[Inputs];
        var variance = Enumerable.Repeat(1.0, Inputs).ToArray();
        for (var update = 0; update < 3; update++)
        {
            var seen = Numbers.Uniform(update, Batch * Inputs, 4);
            bank.Infer(0, 1, Batch, seen, new float[Batch * Outputs]);
            bank.Improve(0, 1, Batch, seen, Numbers.Uniform(90 + update, Batch * Outputs));
            Blend(mean, variance, [.. Enumerable.Range(0, Batch).Select(b => seen.AsSpan(b * Inputs, Inputs).ToArray())]);
        }

        var (actualMean, actualVariance) = bank.ReadStatistics(0);
        Numbers.Near(Array.ConvertAll(mean, m => (float)m), actualMean, 1e-5, "mean");
        Numbers.Near(Array.ConvertAll(variance, v => (float)v), actualVariance, 1e-5, "variance");
    }

    [Fact]
    public void A_step_is_taken_along_the_gradient_at_the_statistics_that_the_policy_acted_with()
    {
        var architecture = NetworkArchitecture.Actor(PolicyVariant.Fullnorm, Inputs, Outputs);
        using var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(1, 0.01, 0);
        bank.Write(0, 0, Numbers.Parameters(architecture, 1));
        var (seen, wanted) = (Numbers.Uniform(1, Batch * Inputs, 50), Numbers.Uniform(2, Batch * Outputs));

        var before = bank.Gradient(0, 1, Batch, seen, wanted);
        var outcome = bank.Improve(0, 1, Batch, seen, wanted)[0];

        Assert.Equal(Math.Sqrt(before.Sum(g => (double)g * g)), outcome.GradientNorm, 1e-5 * outcome.GradientNorm);
    }

    /// <summary>new = 0.99 old + 0.01 of the rows' mean and (biased) variance.</summary>
    private static void Blend(double[] mean, double[] variance, List<float[]> rows)
    {
        for (var i = 0; i < mean.Length; i++)
        {
            var m = rows.Average(r => (double)r[i]);
            mean[i] = (0.99 * mean[i]) + (0.01 * m);
            variance[i] = (0.99 * variance[i]) + (0.01 * rows.Average(r => (r[i] - m) * (r[i] - m)));
        }
    }

    /// <summary>Variants, and whether a LayerNorm stands before each hidden activation.</summary>
    public static TheoryData<PolicyVariant, BodyNorm> Critics() => new()
    {
        { PolicyVariant.Baseline, BodyNorm.None },
        { PolicyVariant.Baseline, BodyNorm.Affine },
        { PolicyVariant.Baseline, BodyNorm.Plain },
        { PolicyVariant.Linear, BodyNorm.None },
        { PolicyVariant.Linear, BodyNorm.Affine },
        { PolicyVariant.Layernorm, BodyNorm.None },
        { PolicyVariant.Fullnorm, BodyNorm.None },
    };

    [Theory]
    [MemberData(nameof(Critics))]
    public void A_critic_values_candidates_as_on_the_whole_input(PolicyVariant variant, BodyNorm norm)
    {
        var cell = new Cell(device, variant, norm, clients: 5);
        var candidates = new List<Candidate>();
        for (var b = 0; b < Batch; b++)
        {
            for (var i = Candidate.Zero; i < cell.Clients; i++)
                candidates.Add(new Candidate(b, i));
        }

        var values = cell.Bank.Evaluate(1, [new CriticQuery(cell.Joint, candidates.ToArray())])[0];

        Numbers.Near(ReferenceNetwork.Floats(cell.Reference().Forward(cell.Inputs(candidates), actor: false)), values, Tolerance, "values");
        cell.Bank.Dispose();
    }

    [Theory]
    [MemberData(nameof(Critics))]
    public void A_critic_learns_as_autograd_has_it_on_the_whole_input(PolicyVariant variant, BodyNorm norm)
    {
        const int most = 4;
        var cell = new Cell(device, variant, norm, clients: 5);
        var random = new Random(4);
        var pairs = new List<Candidate>();
        var members = new int[Batch * most];
        Array.Fill(members, Candidate.None);
        for (var b = 0; b < Batch; b++)
        {
            var chosen = Enumerable.Range(0, cell.Clients).OrderBy(_ => random.Next()).Take(random.Next(most + 1)).Order().ToList();
            if (chosen.Count == 0)
                chosen.Add(Candidate.Zero);
            for (var k = 0; k < chosen.Count; k++)
            {
                members[(b * most) + k] = chosen[k];
                pairs.Add(new Candidate(b, chosen[k]));
            }
        }

        Assert.Contains(pairs, p => p.Client == Candidate.Zero);
        var targets = Enumerable.Range(0, Batch).Select(_ => random.NextDouble() * 3).ToArray();
        var lesson = new CriticLesson(cell.Joint, members, targets, cell.Weights);
        var gradient = cell.Bank.Gradient(1, [lesson]);

        var network = cell.Reference();
        var q = network.Forward(cell.Inputs(pairs), actor: false).view(-1);
        var y = tensor(pairs.ConvertAll(p => targets[p.Row]).ToArray());
        var w = tensor(pairs.ConvertAll(p => cell.Weights[p.Row]).ToArray());
        var difference = (w * q) - (w * y);
        var loss = (difference * difference).mean();
        loss.backward();
        var expected = network.Gradient();
        foreach (var t in cell.Bank.Layout.Tensors)
            Numbers.Near(expected.AsSpan(t.Offset, t.Length), gradient.AsSpan(t.Offset, t.Length), Tolerance, t.Name);

        // The step itself: with a running normalisation of the input its loss follows the new statistics, so there only they are compared.
        var (mean, variance) = cell.Bank.Architecture.InputNorm ? cell.Bank.ReadStatistics(1) : ([], []);
        var step = cell.Bank.Improve(1, [lesson])[0];
        if (cell.Bank.Architecture.InputNorm)
        {
            var (m, v) = (Array.ConvertAll(mean, x => (double)x), Array.ConvertAll(variance, x => (double)x));
            var inputs = ReferenceNetwork.Floats(cell.Inputs(pairs));
            var width = m.Length;
            Blend(m, v, [.. Enumerable.Range(0, pairs.Count).Select(r => inputs.AsSpan(r * width, width).ToArray())]);
            var (actualMean, actualVariance) = cell.Bank.ReadStatistics(1);
            Numbers.Near(Array.ConvertAll(m, x => (float)x), actualMean, 1e-5, "running mean");
            Numbers.Near(Array.ConvertAll(v, x => (float)x), actualVariance, 1e-5, "running variance");
        }
        else
        {
            Assert.Equal(loss.item<double>(), step.Loss, step.Loss * Tolerance);
            Assert.Equal(Norm(expected), step.Outcome.GradientNorm, step.Outcome.GradientNorm * Tolerance);
            var squares = ((q - y) * (q - y)).data<double>().ToArray();
            for (var b = 0; b < Batch; b++)
            {
                var error = pairs.Select((p, i) => p.Row == b ? squares[i] : 0).Sum();
                Assert.Equal(error, step.Errors[b], error * Tolerance);
            }
        }

        cell.Bank.Dispose();
    }

    [Theory]
    [MemberData(nameof(Critics))]
    public void The_actors_loss_passes_gradient_to_every_action_as_autograd_has_it_over_all_candidates(PolicyVariant variant, BodyNorm norm)
    {
        var cell = new Cell(device, variant, norm, clients: 5);
        var answer = cell.Bank.Differentiate(1, [new ActorQuestion(cell.Joint, cell.Weights)])[0];

        var network = cell.Reference();
        var joint = ReferenceNetwork.Double(cell.Joint, Batch, cell.Width);
        var states = joint.narrow(1, 0, cell.Clients * Inputs);
        var actions = joint.narrow(1, cell.Clients * Inputs, cell.Clients * Outputs).clone().requires_grad_(true);
        var rows = cat([states, actions], 1);
        var maxima = new List<Tensor>();
        var nobody = 0;
        for (var b = 0; b < Batch; b++)
        {
            var candidates = new List<Tensor>();
            for (var i = 0; i < cell.Clients; i++)
            {
                if (actions[b, i * Outputs].item<double>() >= 0)
                    candidates.Add(cat([rows[b], states[b].narrow(0, i * Inputs, Inputs), actions[b].narrow(0, i * Outputs, Outputs)]));
            }

            nobody += candidates.Count == 0 ? 1 : 0;
            if (candidates.Count == 0)
                candidates.Add(cat([rows[b], zeros(Inputs + Outputs, ScalarType.Float64)]));
            maxima.Add(network.Forward(stack(candidates), actor: false).max());
        }

        Assert.True(nobody > 0, "In no row nobody proposes.");
        var loss = (stack(maxima) * tensor(cell.Weights)).mean().neg();
        loss.backward();

        // [B, N, 3] to [N, B, 3].
        var expected = ReferenceNetwork.Floats(actions.grad!.view(Batch, cell.Clients, Outputs).transpose(0, 1));
        Numbers.Near(expected, answer.Gradients, Tolerance, "dL/da");
        Assert.Equal(loss.item<double>(), answer.Loss, Math.Abs(answer.Loss) * Tolerance);
        cell.Bank.Dispose();
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(v => (double)v * v));

    /// <summary>A critic at slot 1 of a bank of two, a minibatch of joint inputs and weights.</summary>
    private sealed class Cell
    {
        private readonly PolicyVariant _variant;
        private readonly BodyNorm _norm;
        private readonly float[] _parameters;

        internal Cell(ComputeDevice device, PolicyVariant variant, BodyNorm norm, int clients)
        {
            (_variant, _norm) = (variant, norm);
            Clients = clients;
            var architecture = NetworkArchitecture.Critic(variant, CriticBank.InputWidth(clients, GradientTests.Inputs, Outputs));
            Bank = CriticBank.Create(device, architecture.WithHiddenNorm(norm), clients, GradientTests.Inputs, Outputs);
            Bank.Allocate(2, 0, 0);
            _parameters = Numbers.Parameters(Bank.Architecture, 3);
            Bank.Write(0, 0, Numbers.Parameters(Bank.Architecture, 4));
            Bank.Write(1, 0, _parameters);
            Joint = Numbers.Uniform(21, Batch * Width, 1);
            Weights = [.. Enumerable.Range(0, Batch).Select(b => 1 / (1.0 + (b % 7)))];
            if (Bank.Architecture.InputNorm)
            {
                // Statistics that differ from 0 and 1: a few steps at rate 0 on rows with an offset.
                var offset = Array.ConvertAll(Numbers.Uniform(22, Batch * Width, 4), v => v + 2);
                var lesson = new CriticLesson(offset, Enumerable.Range(0, Batch).Select(b => b % clients).ToArray(), new double[Batch], Weights);
                for (var i = 0; i < 20; i++)
                    Bank.Improve(1, [lesson]);
            }
        }

        internal CriticBank Bank { get; }

        internal int Clients { get; }

        internal int Width => Clients * (GradientTests.Inputs + Outputs);

        internal float[] Joint { get; }

        internal double[] Weights { get; }

        internal ReferenceNetwork Reference() =>
            new(_variant, Bank.Layout, _parameters, Bank.Architecture.InputNorm ? Bank.ReadStatistics(1) : null, _norm != BodyNorm.None);

        /// <summary>The whole un-split input of each candidate, [candidates, 10 N + 10].</summary>
        internal Tensor Inputs(List<Candidate> candidates)
        {
            var all = new List<float>();
            foreach (var candidate in candidates)
            {
                var row = Joint.AsSpan(candidate.Row * Width, Width);
                all.AddRange(row);
                if (candidate.Client == Candidate.Zero)
                {
                    all.AddRange(new float[GradientTests.Inputs + Outputs]);
                }
                else
                {
                    all.AddRange(row.Slice(candidate.Client * GradientTests.Inputs, GradientTests.Inputs));
                    all.AddRange(row.Slice((Clients * GradientTests.Inputs) + (candidate.Client * Outputs), Outputs));
                }
            }

            return ReferenceNetwork.Double(all.ToArray(), candidates.Count, Width + GradientTests.Inputs + Outputs);
        }
    }
}

/// <summary>On our own kernels.</summary>
public sealed class HostGradientTests() : GradientTests(ComputeDevice.Cpu);

/// <summary>On libtorch's operations, as a GPU computes.</summary>
public sealed class TorchGradientTests() : GradientTests(ComputeDevice.Reference);
