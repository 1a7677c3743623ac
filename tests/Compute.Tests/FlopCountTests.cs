using Simulator.Protocol;

namespace Simulator.Compute.Tests;

public sealed class FlopCountTests
{
    private const int Clients = 2;
    private static readonly Turn Turn = new(0, Phase.Learning, 1, 0);

    // 2 inputs, 3 and 4 hidden units, 5 outputs; a critic of two clients with candidates 10 wide.
    private static readonly NetworkArchitecture Policy = new(2, 3, 4, 5);
    private static readonly NetworkArchitecture Critic = new(30, 3, 4, 1);

    [Fact]
    public void A_product_counts_a_multiplication_and_an_addition_for_each_pair_of_numbers() => Assert.Equal(2 * 3 * 4 * 5, FlopCount.Product(3, 4, 5));

    [Fact]
    public void Evaluating_a_policy_is_its_three_layers()
    {
        Assert.Equal(2 * 7 * ((2 * 3) + (3 * 4) + (4 * 5)), FlopCount.Infer(Policy, 7));
        Assert.Equal(2 * 7 * 38, Of(new DeviceProtocol.Infer(default, 0, Turn, 1, 7, HostPayload.Empty)));
    }

    [Fact]
    public void A_policy_step_is_a_forward_pass_the_weights_gradients_and_the_inputs_gradients_of_two_layers()
    {
        const int forward = (2 * 3) + (3 * 4) + (4 * 5);
        const int weights = forward;
        const int inputs = (3 * 4) + (4 * 5);
        Assert.Equal(2 * 7 * (forward + weights + inputs), Of(new DeviceProtocol.Improve(default, 0, Turn, 1, 7, HostPayload.Empty, HostPayload.Empty, InferAfter: false)));
        Assert.Equal(2 * 7 * (forward + weights + inputs + forward), Of(new DeviceProtocol.Improve(default, 0, Turn, 1, 7, HostPayload.Empty, HostPayload.Empty, InferAfter: true)));
    }

    [Fact]
    public void Valuing_candidates_computes_the_joint_part_once_for_a_row()
    {
        var candidates = new Candidate[] { new(0, 0), new(0, 1), new(1, 1), new(2, Candidate.Zero), new(2, 0) };
        var query = new CriticQuery(new float[3 * 20], candidates);
        Assert.Equal(2 * ((3 * 20 * 3) + (5 * ((10 * 3) + (3 * 4) + 4))), Of(new DeviceProtocol.Evaluate(0, Turn, query)));
    }

    [Fact]
    public void A_critic_step_counts_the_pairs_that_are_there()
    {
        int[] pairs = [0, 1, 1, Candidate.None, Candidate.Zero, Candidate.None];
        var lesson = new CriticLesson(new float[3 * 20], pairs, new double[3], new double[3]);
        const int forward = (3 * 20 * 3) + (4 * ((10 * 3) + (3 * 4) + 4));
        const int inputs = 4 * ((3 * 4) + 4);
        const int weights = (3 * 20 * 3) + (4 * ((10 * 3) + (3 * 4) + 4));
        Assert.Equal(2 * (forward + inputs + weights), Of(new DeviceProtocol.ImproveCritic(0, Turn, lesson)));
    }

    [Fact]
    public void The_actors_gradient_counts_proposers_and_one_row_backwards_for_each_transition()
    {
        // Rows of 14 observations and two actions: both propose, one does, none does (the zero candidate).
        var joint = new float[3 * 20];
        (joint[14], joint[17]) = (0.5f, 0f);
        (joint[34], joint[37]) = (-1f, 1f);
        (joint[54], joint[57]) = (-1f, float.NaN);
        var question = new ActorQuestion(joint, new double[3]);
        const int values = (3 * 20 * 3) + (4 * ((10 * 3) + (3 * 4) + 4));
        const int backwards = 3 * (4 + (4 * 3) + (3 * 3 * Clients) + (3 * 3));
        Assert.Equal(2 * (values + backwards), Of(new DeviceProtocol.Differentiate(0, Turn, question)));

        // One client after the other: all of the joint part at first, then what one client's new actions change, and the gradient of one client.
        const int turn = (4 * ((10 * 3) + (3 * 4) + 4)) + (3 * (4 + (4 * 3) + (2 * 3 * 3)));
        Assert.Equal(2 * ((3 * 20 * 3) + turn), Of(new DeviceProtocol.Differentiate(0, Turn, question with { Turn = new ClientTurn { Client = 0 } })));
        Assert.Equal(2 * ((3 * 3 * 3) + turn), Of(new DeviceProtocol.Differentiate(0, Turn, question with { Turn = new ClientTurn { Client = 1 } })));
    }

    [Fact]
    public void Other_messages_hold_no_matrix_product() => Assert.Equal(0, Of(DeviceProtocol.Leave.Instance));

    [Fact]
    public void The_ceiling_is_measured_with_the_threads_asked_for_which_are_put_back()
    {
        var before = TorchSharp.torch.get_num_threads();
        var rates = GemmCeiling.Measure(2, 3, 64);
        Assert.Equal(3, rates.Length);
        Assert.All(rates, r => Assert.InRange(r, 1, double.MaxValue));
        Assert.Equal(before, TorchSharp.torch.get_num_threads());
    }

    private static long Of(object request) => FlopCount.Of(request, Policy, Critic, Clients);
}
