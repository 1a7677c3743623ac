namespace Simulator.Compute.Tests;

/// <summary>What the processor's banks refuse, and that how their work is cut changes no bit.</summary>
public sealed class HostBankTests
{
    private static readonly NetworkArchitecture Policy = NetworkArchitecture.Actor(PolicyVariant.Baseline, 7, 3);
    private static readonly NetworkArchitecture Critic = NetworkArchitecture.Critic(PolicyVariant.Baseline, CriticBank.InputWidth(2, 7, 3));

    [Fact]
    public void Results_need_room()
    {
        using var bank = Policies(ComputeDevice.Cpu, Policy, 1);

        Assert.Throws<ArgumentException>(() => bank.Infer(0, 1, 2, new float[14], new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => bank.Infer(int.MaxValue, 1, 1, new float[7], new float[3]));
    }

    [Fact]
    public void A_bank_that_was_disposed_of_has_no_slots()
    {
        var bank = Policies(ComputeDevice.Cpu, Policy, 1);
        bank.Dispose();

        Assert.Throws<ArgumentOutOfRangeException>(() => bank.Read(0, 0, new float[1]));
    }

    public static TheoryData<int, int> NoCandidates() => new() { { 0, 2 }, { 1, 0 }, { -1, 0 }, { 0, Candidate.None } };

    [Theory]
    [MemberData(nameof(NoCandidates))]
    public void Candidates_that_are_not_there_are_refused_on_every_device(int row, int client)
    {
        foreach (var device in new[] { ComputeDevice.Cpu, ComputeDevice.Reference })
        {
            using var bank = Critics(device);
            Assert.Throws<ArgumentException>(() => bank.Evaluate(0, [new CriticQuery(new float[20], new[] { new Candidate(row, client) })]));
        }
    }

    [Fact]
    public void Lessons_whose_parts_do_not_belong_together_are_refused_on_every_device()
    {
        foreach (var device in new[] { ComputeDevice.Cpu, ComputeDevice.Reference })
        {
            using var bank = Critics(device);
            Assert.Throws<ArgumentException>(() => bank.Improve(0, [new CriticLesson(new float[40], new[] { 0, 1, 0 }, new double[2], new double[2])]));
            Assert.Throws<ArgumentException>(() => bank.Improve(0, [new CriticLesson(new float[40], new[] { 0, 2 }, new double[2], new double[2])]));
            Assert.Throws<ArgumentException>(() => bank.Improve(0, [new CriticLesson(new float[40], new[] { 0, 1 }, new double[1], new double[2])]));
        }
    }

    [Fact]
    public void Turns_that_go_back_are_refused()
    {
        using var bank = Critics(ComputeDevice.Cpu);
        var turn = new ClientTurn { Client = 1 };
        bank.Differentiate(0, [new ActorQuestion(new float[20], new double[1], turn)]);
        turn.Client = 0;

        Assert.Throws<ArgumentException>(() => bank.Differentiate(0, [new ActorQuestion(new float[20], new double[1], turn)]));
    }

    [Theory]
    [InlineData(PolicyVariant.Baseline)]
    [InlineData(PolicyVariant.Fullnorm)]
    public void Many_rows_pass_in_blocks_with_the_bits_that_few_rows_have(PolicyVariant variant)
    {
        // Beyond a block of rows, over one and over three threads.
        const int rows = 9000;
        var architecture = NetworkArchitecture.Actor(variant, 7, 3);
        var observations = Numbers.Uniform(1, rows * 7, 1);
        var z = new float[rows * 3];
        var gradients = new List<float[]>();
        foreach (var threads in new[] { 1, 3 })
        {
            using var bank = Policies(ComputeDevice.Cpu.WithThreads(threads), architecture, 2);
            bank.Infer(1, 1, rows, observations, z);
            var few = new float[30];
            bank.Infer(1, 1, 10, observations.AsSpan(8000 * 7, 70), few);
            Assert.Equal(few, z[24000..24030]);
            gradients.Add(bank.Gradient(1, 1, rows, observations, z));
        }

        Assert.Equal(gradients[0], gradients[1]);
        using var reference = Policies(ComputeDevice.Reference, architecture, 2);
        Numbers.Near(reference.Gradient(1, 1, rows, observations, z), gradients[0], 1e-4, "gradient");
    }

    [Fact]
    public void Parts_of_a_range_begin_at_multiples_and_cover_it_once()
    {
        var workers = new Workers(4);
        foreach (var count in new[] { 1, 15, 16, 100, 1001 })
        {
            var seen = new int[count];
            var begins = new System.Collections.Concurrent.ConcurrentBag<int>();
            workers.For(count, 1e9, (begin, end) =>
            {
                begins.Add(begin);
                for (var i = begin; i < end; i++)
                    Interlocked.Increment(ref seen[i]);
            }, multiple: 16);

            Assert.All(seen, n => Assert.Equal(1, n));
            Assert.All(begins, b => Assert.Equal(0, b % 16));
        }
    }

    [Fact]
    public void What_fails_on_a_worker_is_what_the_caller_sees() =>
        Assert.Throws<InvalidDataException>(() => new Workers(3).Each(8, Fail));

    private static unsafe void TakeAndFail()
    {
        using var frame = Scratch.Open();
        frame.Take(10);
        Fail(0);
    }

    private static void Fail(int part) => throw new InvalidDataException($"planned for part {part}");

    [Fact]
    public unsafe void Scratch_memory_is_used_again_when_its_frame_is_closed_even_by_a_failure()
    {
        nint first;
        using (var frame = Scratch.Open())
        {
            first = (nint)frame.Take(1000);
            using var inner = Scratch.Open();
            Assert.NotEqual(first, (nint)inner.Take(1 << 22));
        }

        Assert.Throws<InvalidDataException>(TakeAndFail);
        using var again = Scratch.Open();
        Assert.Equal(first, (nint)again.Take(2000));
    }

    private static PolicyBank Policies(ComputeDevice device, NetworkArchitecture architecture, int slots)
    {
        var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(slots, 0.01, 0);
        for (var i = 0; i < slots; i++)
            bank.Write(i, 0, Numbers.Parameters(architecture, i));
        return bank;
    }

    private static CriticBank Critics(ComputeDevice device)
    {
        var bank = CriticBank.Create(device, Critic, 2, 7, 3);
        bank.Allocate(1, 0.01, 0);
        bank.Write(0, 0, Numbers.Parameters(Critic, 1));
        return bank;
    }
}
