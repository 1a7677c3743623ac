namespace Simulator.Compute;

/// <summary>Whom the critic values: a client of a joint row, or the zero candidate (s_i = 0, a_i = 0).</summary>
/// <param name="Row">Row of the joint input.</param>
/// <param name="Client">Client of that row, or <see cref="Zero"/>.</param>
public readonly record struct Candidate(int Row, int Client)
{
    /// <summary>The zero candidate.</summary>
    public const int Zero = -1;

    /// <summary>No candidate: a place that stays empty in a batch of pairs.</summary>
    public const int None = -2;
}

/// <summary>Candidates to be valued in one cell: joint rows and who of each row is valued.</summary>
/// <param name="Joint">All observations, then all raw actions of each row, [rows, 10 N].</param>
/// <param name="Candidates">Who is valued, in any number.</param>
/// <param name="TargetRows">How many of the last rows the target critic values; 0 where there is none.</param>
public sealed record CriticQuery(ReadOnlyMemory<float> Joint, ReadOnlyMemory<Candidate> Candidates, int TargetRows = 0);

/// <summary>One critic step of one cell on a minibatch of B transitions with up to K pairs each.</summary>
/// <param name="Joint">All observations, then all raw actions of each transition, [B, 10 N].</param>
/// <param name="Pairs">Clients of each transition's pairs, [B, K]: selected clients, <see cref="Candidate.Zero"/>, or <see cref="Candidate.None"/>.</param>
/// <param name="Targets">y, [B].</param>
/// <param name="Weights">Importance weights w, [B].</param>
/// <param name="Rescaling">What the critic's outputs must be rescaled by before it learns, for the units of the targets have changed; null where they have not.</param>
public sealed record CriticLesson(
    ReadOnlyMemory<float> Joint, ReadOnlyMemory<int> Pairs, ReadOnlyMemory<double> Targets, ReadOnlyMemory<double> Weights, OutputRescaling? Rescaling = null);

/// <summary>What becomes of each output q of a network whose last layer is rescaled: factor q + shift.</summary>
/// <param name="Factor">Factor.</param>
/// <param name="Shift">Shift.</param>
public readonly record struct OutputRescaling(double Factor, double Shift);

/// <summary>What a critic step did.</summary>
/// <param name="Loss">Mean over the pairs of (w (Q - y))^2, before the step.</param>
/// <param name="Errors">Priority errors: the sum of (Q - y)^2 over each transition's pairs, before the step, [B].</param>
/// <param name="Outcome">Gradient norms and what the optimiser did.</param>
public sealed record CriticStep(double Loss, double[] Errors, StepOutcome Outcome);

/// <summary>What the actors' loss asks of one cell's critic: L = - mean_b w_b max over proposers of Q(S, A, s_i, a_i).</summary>
/// <param name="Joint">All observations, then all current raw actions of each transition, [B, 10 N].</param>
/// <param name="Weights">Importance weights w, [B].</param>
/// <param name="Turn">Whose turn it is where clients learn one after the other; null where all learn at once.</param>
public sealed record ActorQuestion(ReadOnlyMemory<float> Joint, ReadOnlyMemory<double> Weights, ClientTurn? Turn = null);

/// <summary>
/// One update in which clients learn one after the other, ascending: what the critic need not compute again because only one client's actions have changed. The actions of the
/// clients before <see cref="Client"/> stay as they are for the rest of the update. The master sets whose turn it is while no question is on its way; the device keeps its sums here while one is.
/// </summary>
public sealed class ClientTurn
{
    private float[] _sums = [];

    /// <summary>Whose turn it is, 0 to N - 1: the only client whose gradient is wanted.</summary>
    public int Client { get; set; }

    /// <summary>Joint columns that are summed up: all observations, and the actions of the clients that had their turn.</summary>
    internal int Columns { get; set; }

    /// <summary>The first layer's pre-activations summed up that far, [B, hidden1]; of another size they begin anew.</summary>
    internal float[] Sums(int length)
    {
        if (_sums.Length != length)
        {
            _sums = new float[length];
            Columns = 0;
        }

        return _sums;
    }
}

/// <summary>The actors' loss and its gradient.</summary>
/// <param name="Loss">L.</param>
/// <param name="Gradients">dL/da, [N, B, 3]; of the client whose turn it is alone, [B, 3], where there are turns.</param>
public sealed record ActorAnswer(double Loss, float[] Gradients);
