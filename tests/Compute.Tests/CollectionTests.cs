namespace Simulator.Compute.Tests;

/// <summary>
/// TorchSharp hands native handles of scalars to libtorch without keeping their owners alive. With collections all the time, an operation that makes a scalar for itself
/// fails or computes something else within some hundred steps.
/// </summary>
public sealed class CollectionTests
{
    [Theory]
    [InlineData(PolicyVariant.Baseline)]
    [InlineData(PolicyVariant.Layernorm)]
    [InlineData(PolicyVariant.Fullnorm)]
    public Task Actors_learn_the_same_while_garbage_is_collected_all_the_time(PolicyVariant variant) =>
        CheckAsync(() => LearnActors(variant));

    [Theory]
    [InlineData(PolicyVariant.Baseline)]
    [InlineData(PolicyVariant.Fullnorm)]
    public Task Critics_learn_the_same_while_garbage_is_collected_all_the_time(PolicyVariant variant) => CheckAsync(() => LearnCritic(variant));

    private static async Task CheckAsync(Func<float[]> learn)
    {
        var calm = learn();
        using var stop = new CancellationTokenSource();
        var collector = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        });
        try
        {
            Assert.Equal(calm, learn());
        }
        finally
        {
            await stop.CancelAsync();
            await collector;
        }
    }

    private static float[] LearnCritic(PolicyVariant variant)
    {
        const int clients = 3;
        const int rows = 16;
        using var bank = CriticBank.Create(ComputeDevice.Reference, NetworkArchitecture.Critic(variant, CriticBank.InputWidth(clients, 7, 3)), clients, 7, 3);
        bank.Allocate(1, 0.01, 0.5);
        bank.Write(0, 0, Numbers.Uniform(1, bank.Layout.Length, 0.1));
        var joint = Numbers.Uniform(2, rows * clients * 10);
        var pairs = Enumerable.Range(0, rows * 2).Select(i => i % 3).ToArray();
        var targets = Array.ConvertAll(Numbers.Uniform(3, rows), v => (double)v);
        var weights = Enumerable.Repeat(1.0, rows).ToArray();
        var gradients = Array.Empty<float>();
        for (var step = 0; step < 300; step++)
        {
            bank.Improve(0, [new CriticLesson(joint, pairs, targets, weights)]);
            gradients = bank.Differentiate(0, [new ActorQuestion(joint, weights)])[0].Gradients;
        }

        var parameters = new float[bank.Layout.Length];
        bank.Read(0, 0, parameters);
        return [.. parameters, .. gradients];
    }

    private static float[] LearnActors(PolicyVariant variant)
    {
        const int slots = 3;
        const int rows = 16;
        using var bank = PolicyBank.Create(ComputeDevice.Reference, NetworkArchitecture.Actor(variant, 7, 3));
        bank.Allocate(slots, 0.01, 0.5);
        for (var slot = 0; slot < slots; slot++)
        {
            bank.Write(slot, 0, Numbers.Uniform(slot, bank.Layout.Length));
        }

        var observations = Numbers.Uniform(10, slots * rows * 7);
        var gradients = Numbers.Uniform(11, slots * rows * 3);
        for (var step = 0; step < 1500; step++)
        {
            bank.Improve(0, slots, rows, observations, gradients);
        }

        var parameters = new float[bank.Layout.Length];
        bank.Read(1, 0, parameters);
        return parameters;
    }
}
