using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute;

/// <summary>
/// Floating-point operations of the matrix products that a request to a device cannot do without: the identities of ccm-madrl, section 5, made use of, nothing padded, nothing computed
/// twice. Two for each product of two numbers and its sum; biases, activations and the optimiser are left out, as they are no matrix products. Over the machine's
/// <see cref="GemmCeiling"/> they give the time that a program made of libtorch's products would take at its best, which is what makes it a measure.
/// </summary>
public static class FlopCount
{
    /// <summary>A product of [rows, inner] and [inner, columns].</summary>
    public static long Product(long rows, long inner, long columns) => checked(2 * rows * inner * columns);

    /// <summary>Policies evaluated.</summary>
    /// <param name="policy">Their architecture.</param>
    /// <param name="rows">Observations of all of them together.</param>
    public static long Infer(NetworkArchitecture policy, long rows) =>
        Product(rows, policy.Inputs, policy.Hidden1) + Product(rows, policy.Hidden1, policy.Hidden2) + Product(rows, policy.Hidden2, policy.Outputs);

    /// <summary>
    /// Learning steps of policies: the forward pass, and for each layer the gradient of its weights and, but for the first, that of its input. The evaluation after the step, where it
    /// was asked for, is an <see cref="Infer"/> more.
    /// </summary>
    /// <param name="policy">Their architecture.</param>
    /// <param name="rows">Observations of all of them together.</param>
    public static long Improve(NetworkArchitecture policy, long rows) =>
        (3 * Infer(policy, rows)) - Product(rows, policy.Inputs, policy.Hidden1);

    /// <summary>Candidates valued: the joint part of the first layer once for each row, the rest for each candidate.</summary>
    /// <param name="critic">Architecture of the critic.</param>
    /// <param name="clients">N.</param>
    /// <param name="rows">Joint rows.</param>
    /// <param name="candidates">Candidates.</param>
    public static long Evaluate(NetworkArchitecture critic, int clients, long rows, long candidates) =>
        Joint(critic, clients, rows) + Candidates(critic, clients, candidates);

    /// <summary>
    /// A critic step: the forward pass of all pairs, the gradient of the input of each layer but the first, and those of all weights, the joint part of the first layer once for each
    /// transition (the gradients of its pairs are added before the product).
    /// </summary>
    /// <param name="critic">Architecture of the critic.</param>
    /// <param name="clients">N.</param>
    /// <param name="rows">Transitions.</param>
    /// <param name="pairs">Pairs of all of them together.</param>
    public static long ImproveCritic(NetworkArchitecture critic, int clients, long rows, long pairs) =>
        (2 * Joint(critic, clients, rows)) + (2 * Candidates(critic, clients, pairs)) + BackToFirstLayer(critic, pairs);

    /// <summary>
    /// The actors' loss and its gradient: all candidates valued, then one row for each transition backwards, to the actions of all clients in the joint input and to those of the best
    /// candidate. That row's forward pass is one of the candidates', and not counted again.
    /// </summary>
    /// <param name="critic">Architecture of the critic.</param>
    /// <param name="clients">N.</param>
    /// <param name="rows">Transitions.</param>
    /// <param name="candidates">Candidates of all of them together.</param>
    public static long Differentiate(NetworkArchitecture critic, int clients, long rows, long candidates) =>
        Evaluate(critic, clients, rows, candidates) + BackToFirstLayer(critic, rows) + Product(rows, critic.Hidden1, (clients + 1) * Protocol.ClientAction.Width);

    /// <summary>
    /// The same where clients learn one after the other: since the turn before only one client's actions have changed, so no more of the joint part need be computed, and only one
    /// client's gradient is wanted. The first turn computes all of the joint part.
    /// </summary>
    /// <param name="critic">Architecture of the critic.</param>
    /// <param name="clients">N.</param>
    /// <param name="rows">Transitions.</param>
    /// <param name="candidates">Candidates of all of them together.</param>
    /// <param name="turn">Whose turn it is, from 0.</param>
    public static long DifferentiateTurn(NetworkArchitecture critic, int clients, long rows, long candidates, int turn) =>
        (turn == 0 ? Joint(critic, clients, rows) : Product(rows, Protocol.ClientAction.Width, critic.Hidden1))
        + Candidates(critic, clients, candidates) + BackToFirstLayer(critic, rows) + Product(rows, critic.Hidden1, 2 * Protocol.ClientAction.Width);

    /// <summary>What a request asks for; 0 for one without matrix products.</summary>
    /// <param name="request">A message to a device.</param>
    /// <param name="policy">Architecture of the policies.</param>
    /// <param name="critic">Architecture of the critic.</param>
    /// <param name="clients">N.</param>
    public static long Of(object request, NetworkArchitecture policy, NetworkArchitecture critic, int clients) => request switch
    {
        Infer m => Infer(policy, m.Rows),
        Improve m => Improve(policy, m.Rows) + (m.InferAfter ? Infer(policy, m.Rows) : 0),
        Evaluate m => Evaluate(critic, clients, RowsOf(m.Query.Joint, critic, clients), m.Query.Candidates.Length),
        ImproveCritic m => ImproveCritic(critic, clients, RowsOf(m.Lesson.Joint, critic, clients), PairsOf(m.Lesson)),
        Differentiate { Question.Turn: { } turn } m => DifferentiateTurn(
            critic, clients, RowsOf(m.Question.Joint, critic, clients), CandidatesOf(m.Question, critic, clients), turn.Client),
        Differentiate m => Differentiate(critic, clients, RowsOf(m.Question.Joint, critic, clients), CandidatesOf(m.Question, critic, clients)),
        _ => 0,
    };

    /// <summary>Width of a candidate in the critic's input: what the joint part, N times as wide, leaves.</summary>
    private static int CandidateWidth(NetworkArchitecture critic, int clients) => critic.Inputs / (clients + 1);

    private static long Joint(NetworkArchitecture critic, int clients, long rows) => Product(rows, (long)clients * CandidateWidth(critic, clients), critic.Hidden1);

    private static long Candidates(NetworkArchitecture critic, int clients, long count) =>
        Product(count, CandidateWidth(critic, clients), critic.Hidden1) + BackToFirstLayer(critic, count);

    /// <summary>The products between the first layer's output and the network's, in either direction.</summary>
    private static long BackToFirstLayer(NetworkArchitecture critic, long rows) =>
        Product(rows, critic.Hidden1, critic.Hidden2) + Product(rows, critic.Hidden2, critic.Outputs);

    private static int RowsOf(ReadOnlyMemory<float> joint, NetworkArchitecture critic, int clients) => joint.Length / (clients * CandidateWidth(critic, clients));

    private static int PairsOf(CriticLesson lesson)
    {
        var pairs = lesson.Pairs.Span;
        return pairs.Length - System.MemoryExtensions.Count(pairs, Candidate.None);
    }

    /// <summary>Proposers of each row, or the zero candidate where there are none.</summary>
    private static long CandidatesOf(ActorQuestion question, NetworkArchitecture critic, int clients)
    {
        const int width = Protocol.ClientAction.Width;
        var joint = question.Joint.Span;
        var row = clients * CandidateWidth(critic, clients);
        var candidates = 0L;
        for (var begin = 0; begin < joint.Length; begin += row)
        {
            var proposers = 0;
            var actions = joint.Slice(begin + row - (clients * width), clients * width);
            for (var i = 0; i < actions.Length; i += width)
            {
                proposers += actions[i] >= 0 ? 1 : 0;
            }

            candidates += Math.Max(1, proposers);
        }

        return candidates;
    }
}
