namespace Simulator.Compute.Tests;

/// <summary>What a bank computes for one network is the same, bit by bit, at any slot, beside any neighbours.</summary>
public abstract class BankReproducibilityTests(ComputeDevice device)
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Updates = 4;
    private const double Rate = 0.01;

    public static TheoryData<PolicyVariant, int> Policies()
    {
        var data = new TheoryData<PolicyVariant, int>();
        foreach (var variant in Enum.GetValues<PolicyVariant>())
        {
            data.Add(variant, 64);
            if (variant is PolicyVariant.Baseline or PolicyVariant.Layernorm or PolicyVariant.Fullnorm)
            {
                data.Add(variant, 20);
                data.Add(variant, 11);
                data.Add(variant, 2);
                data.Add(variant, 1);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Policies_learn_and_act_alike_at_other_slots_among_other_policies(PolicyVariant variant, int batch)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs);
        var norm = variant == PolicyVariant.Clipped ? 0.05 : 0;

        // Two cells of three clients each in one bank of eleven slots, at slots 2 to 4 and 5 to 7, against each client of the first alone in a bank of its own.
        var alone = Enumerable.Range(0, 3).Select(i => Life(architecture, norm, batch, slots: 1, at: 0, first: 0, count: 1, clients: [i], grow: false)[0]).ToArray();
        foreach (var (slots, at, first, count) in new[] { (3, 0, 0, 3), (11, 2, 2, 6), (11, 5, 0, 11), (53, 50, 0, 53), (53, 17, 3, 40) })
        {
            if (slots > 11 && architecture.Hidden1 > 64)
                continue; // As the narrow ones, and slow.
            var together = Life(architecture, norm, batch, slots, at, first, count, [0, 1, 2], grow: slots == 11);
            for (var i = 0; i < 3; i++)
                Lived.Same(alone[i], together[i], $"client {i} at {at + i} of {slots}, slots {first} to {first + count - 1} as one");
        }
    }

    [Theory]
    [InlineData(PolicyVariant.Baseline, HiddenActivation.Relu)]
    [InlineData(PolicyVariant.Baseline, HiddenActivation.Tanh)]
    [InlineData(PolicyVariant.Linear, HiddenActivation.None)]
    public void So_do_policies_with_a_norm_before_their_hidden_activations(PolicyVariant variant, HiddenActivation activation)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs).WithHiddenNorm() with { Activation = activation };
        var alone = Life(architecture, 0.05, 20, slots: 1, at: 0, first: 0, count: 1, clients: [1], grow: false)[0];
        foreach (var (slots, at, first, count) in new[] { (3, 0, 0, 3), (11, 7, 2, 6), (53, 50, 0, 53) })
            Lived.Same(alone, Life(architecture, 0.05, 20, slots, at, first, count, [1], grow: slots == 11)[0], $"at {at} of {slots}, slots {first} to {first + count - 1} as one");
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Clients_that_learn_one_after_the_other_learn_what_they_learn_together(PolicyVariant variant, int batch)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs);
        using var stacked = PolicyBank.Create(device, architecture);
        using var sequential = PolicyBank.Create(device, architecture);
        const int clients = 5;
        foreach (var bank in new[] { stacked, sequential })
        {
            bank.Allocate(clients, Rate, 0);
            for (var i = 0; i < clients; i++)
                bank.Write(i, 0, Numbers.Parameters(architecture, i));
        }

        for (var update = 0; update < Updates; update++)
        {
            var seen = Numbers.Uniform(100 + update, clients * batch * Inputs, 3);
            var gradients = Numbers.Uniform(200 + update, clients * batch * Outputs, 0.1);
            var together = stacked.Improve(0, clients, batch, seen, gradients);
            for (var i = 0; i < clients; i++)
            {
                var own = sequential.Improve(i, 1, batch, seen.AsSpan(i * batch * Inputs, batch * Inputs), gradients.AsSpan(i * batch * Outputs, batch * Outputs))[0];
                Assert.Equal(together[i].GradientNorm, own.GradientNorm);
                Assert.Equal(together[i].LayerNorms, own.LayerNorms);
            }
        }

        for (var i = 0; i < clients; i++)
            Numbers.SameBits(Read(stacked, i), Read(sequential, i), $"client {i}");
    }

    /// <summary>Variants, whether a LayerNorm stands before each hidden activation, and clients.</summary>
    public static TheoryData<PolicyVariant, bool, int> Critics()
    {
        var data = new TheoryData<PolicyVariant, bool, int>();
        foreach (var variant in Enum.GetValues<PolicyVariant>().Where(v => v is PolicyVariant.Baseline or PolicyVariant.Linear or PolicyVariant.Fullnorm))
        {
            data.Add(variant, false, 3);
            data.Add(variant, false, 20);
        }

        data.Add(PolicyVariant.Baseline, true, 20);

        return data;
    }

    [Theory]
    [MemberData(nameof(Critics))]
    public void A_critic_values_and_learns_alike_beside_critics_of_other_cells(PolicyVariant variant, bool norm, int clients)
    {
        var alone = CriticLife(variant, norm, clients, cells: 1, at: 0);
        foreach (var (cells, at) in new[] { (2, 0), (2, 1), (3, 1), (6, 5), (6, 2) })
        {
            var together = CriticLife(variant, norm, clients, cells, at);
            Assert.Equal(alone.Count, together.Count);
            for (var i = 0; i < alone.Count; i++)
            {
                Assert.Equal(alone[i].What, together[i].What);
                Numbers.SameBits(alone[i].Values, together[i].Values, $"{alone[i].What} at {at} of {cells} cells");
            }
        }
    }

    /// <summary>Acts and learns a few times with given clients at slots <paramref name="at"/> and the following, operations going over a range of slots around them.</summary>
    private Lived[] Life(NetworkArchitecture architecture, double norm, int batch, int slots, int at, int first, int count, int[] clients, bool grow)
    {
        using var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(grow ? slots - 4 : slots, Rate, norm);
        if (grow)
            bank.Allocate(4, Rate, norm);
        for (var slot = 0; slot < slots; slot++)
            bank.Write(slot, 0, Numbers.Parameters(architecture, Who(slot)));

        var lived = Array.ConvertAll(clients, _ => new Lived([], []));
        for (var update = 0; update < Updates; update++)
        {
            foreach (var rows in new[] { 1, 2 * batch, batch })
            {
                var z = new float[count * rows * Outputs];
                bank.Infer(first, count, rows, Gather(slot => Numbers.Uniform(Seed(slot, update, rows), rows * Inputs, 3)), z);
                for (var i = 0; i < clients.Length; i++)
                    lived[i].Numbers.Add(Part(z, at + i, rows * Outputs));
            }

            var outcomes = bank.Improve(
                first,
                count,
                batch,
                Gather(slot => Numbers.Uniform(Seed(slot, update, 7000), batch * Inputs, 3)),
                Gather(slot => Numbers.Uniform(Seed(slot, update, 8000), batch * Outputs, 0.1)));
            for (var i = 0; i < clients.Length; i++)
            {
                lived[i].Outcomes.Add(outcomes[at + i - first]);
                lived[i].Numbers.Add(Read(bank, at + i));
            }
        }

        return lived;

        // Clients of the cell at their slots, strangers elsewhere.
        int Who(int slot) => slot >= at && slot < at + clients.Length ? clients[slot - at] : 1000 + slot;
        int Seed(int slot, int update, int kind) => (Who(slot) * 100_003) + (update * 10_007) + kind;
        float[] Gather(Func<int, float[]> part) => [.. Enumerable.Range(first, count).SelectMany(part)];
        float[] Part(float[] all, int slot, int length) => all.AsSpan((slot - first) * length, length).ToArray();
    }

    /// <summary>Everything that a critic says and becomes in a few updates, beside critics whose minibatches have other numbers of candidates.</summary>
    private List<(string What, float[] Values)> CriticLife(PolicyVariant variant, bool norm, int clients, int cells, int at)
    {
        const int batch = 64;
        var pairs = Math.Min(10, clients);
        var width = clients * (Inputs + Outputs);
        var architecture = NetworkArchitecture.Critic(variant, CriticBank.InputWidth(clients, Inputs, Outputs));
        using var bank = CriticBank.Create(device, norm ? architecture.WithHiddenNorm() : architecture, clients, Inputs, Outputs);
        bank.Allocate(cells, Rate, variant == PolicyVariant.Fullnorm ? 0.01 : 0);
        for (var c = 0; c < cells; c++)
            bank.Write(c, 0, Numbers.Parameters(bank.Architecture, Who(c)));
        var said = new List<(string, float[])>();
        for (var update = 0; update < 3; update++)
        {
            foreach (var rows in new[] { 1, 20, batch })
            {
                var queries = Enumerable.Range(0, cells).Select(c => Query(Random(c, update, rows), rows, c)).ToArray();
                said.Add(($"update {update}, values of {rows} rows", bank.Evaluate(0, queries)[at]));
            }

            var steps = bank.Improve(0, [.. Enumerable.Range(0, cells).Select(c => Lesson(Random(c, update, 1000), c))]);
            said.Add(($"update {update}, errors", Array.ConvertAll(steps[at].Errors, e => (float)e)));
            said.Add(($"update {update}, parameters", Read(bank, at)));
            said.Add(($"update {update}, norms", [(float)steps[at].Loss, (float)steps[at].Outcome.GradientNorm, (float)steps[at].Outcome.DormantShare, .. steps[at].Outcome.LayerNorms.Select(n => (float)n)]));
            var answers = bank.Differentiate(0, [.. Enumerable.Range(0, cells).Select(c => new ActorQuestion(Joint(Random(c, update, 2000), batch, c), Weights(c)))]);
            said.Add(($"update {update}, action gradients", answers[at].Gradients));
            said.Add(($"update {update}, actors' loss", [(float)answers[at].Loss]));
        }

        return said;

        int Who(int cell) => cell == at ? 1 : 50 + cell;
        Random Random(int cell, int update, int kind) => new((Who(cell) * 7919) + (update * 104_729) + kind);

        // Neighbours propose less or more often than the cell itself: other numbers of candidates.
        float[] Joint(Random random, int rows, int cell)
        {
            var joint = new float[rows * width];
            for (var i = 0; i < joint.Length; i++)
                joint[i] = (float)((2 * random.NextDouble()) - 1);
            if (cell != at)
            {
                for (var b = 0; b < rows; b++)
                {
                    for (var i = 0; i < clients; i++)
                        joint[(b * width) + (clients * Inputs) + (i * Outputs)] = random.Next(6) <= cell ? 0.5f : -0.5f;
                }
            }

            return joint;
        }

        CriticQuery Query(Random random, int rows, int cell)
        {
            var joint = Joint(random, rows, cell);
            var candidates = new List<Candidate>();
            for (var b = 0; b < rows; b++)
                CriticBank.AddProposers(joint.AsSpan((b * width) + (clients * Inputs), clients * Outputs), Outputs, b, candidates);
            return new CriticQuery(joint, candidates.ToArray());
        }

        CriticLesson Lesson(Random random, int cell)
        {
            var joint = Joint(random, batch, cell);
            var members = new int[batch * pairs];
            Array.Fill(members, Candidate.None);
            for (var b = 0; b < batch; b++)
            {
                var selected = random.Next(pairs + 1);
                for (var k = 0; k < selected; k++)
                    members[(b * pairs) + k] = k * clients / pairs;
                if (selected == 0)
                    members[b * pairs] = Candidate.Zero;
            }

            return new CriticLesson(joint, members, Enumerable.Range(0, batch).Select(_ => random.NextDouble() * -100).ToArray(), Weights(cell));
        }

        double[] Weights(int cell) => [.. Enumerable.Range(0, batch).Select(b => 1 / (1.0 + (((b * 7) + Who(cell)) % 5)))];
    }

    private static float[] Read(Bank bank, int slot)
    {
        var parameters = new float[bank.Layout.Length];
        bank.Read(slot, 0, parameters);
        if (!bank.Architecture.InputNorm)
            return parameters;
        var (mean, variance) = bank.ReadStatistics(slot);
        return [.. parameters, .. mean, .. variance];
    }

    private sealed record Lived(List<float[]> Numbers, List<StepOutcome> Outcomes)
    {
        internal static void Same(Lived expected, Lived actual, string what)
        {
            Assert.Equal(expected.Numbers.Count, actual.Numbers.Count);
            for (var i = 0; i < expected.Numbers.Count; i++)
                Tests.Numbers.SameBits(expected.Numbers[i], actual.Numbers[i], $"{what}, number {i}");
            for (var i = 0; i < expected.Outcomes.Count; i++)
            {
                Assert.Equal(expected.Outcomes[i].GradientNorm, actual.Outcomes[i].GradientNorm);
                Assert.Equal(expected.Outcomes[i].LayerNorms, actual.Outcomes[i].LayerNorms);
                Assert.Equal(expected.Outcomes[i].Clipped, actual.Outcomes[i].Clipped);
                Assert.Equal(expected.Outcomes[i].Frozen, actual.Outcomes[i].Frozen);
                Assert.Equal(expected.Outcomes[i].DormantShare, actual.Outcomes[i].DormantShare);
            }
        }
    }
}

/// <summary>On our own kernels.</summary>
public sealed class HostBankReproducibilityTests() : BankReproducibilityTests(ComputeDevice.Cpu);

/// <summary>On libtorch's operations, as a GPU computes.</summary>
public sealed class TorchBankReproducibilityTests() : BankReproducibilityTests(ComputeDevice.Reference);
