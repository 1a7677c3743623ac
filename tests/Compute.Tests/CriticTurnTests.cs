namespace Simulator.Compute.Tests;

/// <summary>What a critic keeps from one client's turn to the next saves work and changes no bit; and how many threads share the work changes none either.</summary>
public sealed class CriticTurnTests
{
    private const int Clients = 9;
    private const int Batch = 13;
    private const int Width = Clients * 10;

    /// <summary>Variants, and whether a LayerNorm stands before each hidden activation.</summary>
    public static TheoryData<PolicyVariant, bool> Variants() => new()
    {
        { PolicyVariant.Baseline, false },
        { PolicyVariant.Baseline, true },
        { PolicyVariant.Linear, false },
        { PolicyVariant.Fullnorm, false },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Turns_that_go_on_from_the_last_one_equal_turns_that_begin_anew(PolicyVariant variant, bool norm)
    {
        using var bank = Bank(variant, norm);
        var joint = Numbers.Uniform(5, Batch * Width, 1);
        var weights = Weights();
        var turn = new ClientTurn();
        for (var client = 0; client < Clients; client++)
        {
            turn.Client = client;
            var kept = bank.Differentiate(0, [new ActorQuestion(joint, weights, turn)])[0];
            var anew = bank.Differentiate(0, [new ActorQuestion(joint, weights, new ClientTurn { Client = client })])[0];
            var all = bank.Differentiate(0, [new ActorQuestion(joint, weights)])[0];

            Assert.Equal(anew.Loss, kept.Loss);
            Assert.Equal(all.Loss, kept.Loss);
            Assert.Equal(anew.Gradients, kept.Gradients);
            Numbers.Near([.. all.Gradients.AsSpan(client * Batch * 3, Batch * 3)], kept.Gradients, 1e-5, $"dL/da of client {client}");
            var actions = Numbers.Uniform(50 + client, Batch * 3, 1);
            for (var b = 0; b < Batch; b++)
                actions.AsSpan(b * 3, 3).CopyTo(joint.AsSpan((b * Width) + (Clients * 7) + (client * 3)));
        }
    }

    [Fact]
    public void The_turn_of_a_client_that_is_not_there_is_refused()
    {
        using var bank = Bank(PolicyVariant.Baseline, norm: false);

        Assert.Throws<ArgumentException>(() => bank.Differentiate(0, [new ActorQuestion(new float[Batch * Width], Weights(), new ClientTurn { Client = Clients })]));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Any_number_of_threads_computes_the_same_bits(PolicyVariant variant, bool norm)
    {
        var one = Life(variant, norm, 1);

        Assert.Equal(one, Life(variant, norm, 2));
        Assert.Equal(one, Life(variant, norm, 5));
    }

    private static float[] Life(PolicyVariant variant, bool norm, int threads)
    {
        // Large enough for every operation to be cut into parts.
        const int clients = 50, batch = 64, width = clients * 10;
        var architecture = Architecture(variant, norm, clients);
        using var bank = CriticBank.Create(ComputeDevice.Cpu.WithThreads(threads), architecture, clients, 7, 3);
        bank.Allocate(1, 0.01, 0);
        bank.Write(0, 0, Numbers.Parameters(architecture, 3));
        var joint = Numbers.Uniform(4, batch * width, 1);
        var weights = Enumerable.Range(0, batch).Select(b => 1.0 / (1 + (b % 5))).ToArray();
        var everybody = Enumerable.Range(0, batch * clients).Select(i => new Candidate(i / clients, i % clients)).ToArray();
        var pairs = Enumerable.Range(0, batch * 10).Select(i => i % 10 < 8 ? i * 7 % clients : Candidate.None).ToArray();
        var results = new List<float>();
        for (var update = 0; update < 2; update++)
        {
            results.AddRange(bank.Evaluate(0, [new CriticQuery(joint, everybody)])[0]);
            results.Add((float)bank.Improve(0, [new CriticLesson(joint, pairs, new double[batch], weights)])[0].Outcome.GradientNorm);
            results.AddRange(bank.Differentiate(0, [new ActorQuestion(joint, weights)])[0].Gradients);
        }

        var parameters = new float[architecture.Layout.Length];
        bank.Read(0, 0, parameters);
        return [.. results, .. parameters];
    }

    private static CriticBank Bank(PolicyVariant variant, bool norm)
    {
        var architecture = Architecture(variant, norm, Clients);
        var bank = CriticBank.Create(ComputeDevice.Cpu, architecture, Clients, 7, 3);
        bank.Allocate(1, 0.01, 0);
        bank.Write(0, 0, Numbers.Parameters(architecture, 2));
        return bank;
    }

    private static NetworkArchitecture Architecture(PolicyVariant variant, bool norm, int clients)
    {
        var architecture = NetworkArchitecture.Critic(variant, CriticBank.InputWidth(clients, 7, 3));
        return norm ? architecture.WithHiddenNorm() : architecture;
    }

    private static double[] Weights() => [.. Enumerable.Range(0, Batch).Select(b => 1.0 / (1 + b))];
}
