using Simulator.Environment;

namespace Simulator.Master;

/// <summary>
/// The master's replay memory: transitions (S, A, selected, reward, S', done) in slots written round and round, drawn in proportion
/// to their priority (ccm-madrl, section 4; Schaul et al., "Prioritized experience replay", arXiv 1511.05952). Not safe for several threads.
/// </summary>
/// <remarks>
/// <para>States and actions are stored raw. A state is stored once: an episode of T steps holds T + 1 states, since S' of one transition
/// is S of the next. States are kept in the order of their transitions, so those before the oldest transition's S are forgotten with the
/// transition that is overwritten, and an episode can lose its beginning while its end is alive.</para>
/// <para>Memory grows with use, in chunks, up to the capacity. Spans that the accessors return are valid until the next
/// <see cref="Add"/> or <see cref="BeginEpisode"/>.</para>
/// </remarks>
public sealed class PrioritizedReplay
{
    /// <summary>Exponent of the priority, the original's.</summary>
    public const double Alpha = 0.6;

    /// <summary>Added to an error's magnitude, so that no transition is forgotten for good.</summary>
    public const double ErrorOffset = 0.01;

    /// <summary>Exponent of the importance weights before the first sample call.</summary>
    public const double InitialBeta = 0.4;

    /// <summary>What the exponent of the importance weights grows by at the start of each sample call, up to 1.</summary>
    public const double BetaIncrement = 0.001;

    private const double WeightOffset = 1e-9;

    private readonly SumTree _priorities;
    private readonly RowLog<float> _states;
    private readonly RowLog<float> _actions;
    private readonly RowLog<bool> _selected;
    private readonly RowLog<Outcome> _outcomes;
    private readonly long _firstTransition;
    private readonly double _priorityExponent;
    private bool _inEpisode;

    /// <summary>An empty memory; or one about to be refilled from a checkpoint.</summary>
    /// <param name="capacity">Most transitions held, M, at least 1.</param>
    /// <param name="clients">Number N of clients, at least 1.</param>
    /// <param name="firstTransition">
    /// How many transitions came before the first that will be added: it goes to slot <paramref name="firstTransition"/> mod M, so that a
    /// refilled memory has every transition in its old slot.
    /// </param>
    /// <param name="beta">Exponent of the importance weights before the next sample call.</param>
    /// <param name="priorityExponent">Exponent of the priority, in [0, 1]: with 0 all transitions are drawn alike, and weigh alike.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public PrioritizedReplay(int capacity, int clients, long firstTransition = 0, double beta = InitialBeta, double priorityExponent = Alpha)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clients);
        ArgumentOutOfRangeException.ThrowIfNegative(firstTransition);
        if (!(beta is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(beta), beta, "The exponent lies between 0 and 1.");
        if (!(priorityExponent is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(priorityExponent), priorityExponent, "The exponent lies between 0 and 1.");
        Capacity = capacity;
        Clients = clients;
        Beta = beta;
        _priorityExponent = priorityExponent;
        _firstTransition = firstTransition;
        _priorities = new SumTree(capacity);
        _states = new RowLog<float>(clients * Observation.Width);
        _actions = new RowLog<float>(clients * RawAction.Width, firstTransition);
        _selected = new RowLog<bool>(clients, firstTransition);
        _outcomes = new RowLog<Outcome>(1, firstTransition);
    }

    /// <summary>Most transitions held, M.</summary>
    public int Capacity { get; }

    /// <summary>Number N of clients.</summary>
    public int Clients { get; }

    /// <summary>Transitions held.</summary>
    public int Count => (int)Math.Min(Capacity, Added - _firstTransition);

    /// <summary>Transitions ever added, those before a checkpoint included; the next goes to slot <see cref="Added"/> mod M.</summary>
    public long Added => _outcomes.End;

    /// <summary>Exponent of the importance weights that the latest sample call used.</summary>
    public double Beta { get; private set; }

    /// <summary>Sum of all priorities.</summary>
    public double Total => _priorities.Total;

    /// <summary>Values (states, actions, masks, outcomes) that memory is allocated for at present.</summary>
    internal long AllocatedValues =>
        _states.AllocatedValues + _actions.AllocatedValues + _selected.AllocatedValues + _outcomes.AllocatedValues;

    /// <summary>Priority of a transition with this error: (|error| + 0.01)^0.6, or another exponent.</summary>
    /// <exception cref="ArgumentException">The error is not finite.</exception>
    public double ToPriority(double error)
    {
        // One NaN or infinity would turn every sum above it, and with them all later draws, into nonsense.
        if (!double.IsFinite(error))
            throw new ArgumentException($"The error {error} is not finite: the caller has diverged.", nameof(error));
        return Math.Pow(Math.Abs(error) + ErrorOffset, _priorityExponent);
    }

    /// <summary>Begins an episode with its first state.</summary>
    /// <param name="firstState">Raw observations, [N, 7].</param>
    /// <exception cref="ArgumentException"><paramref name="firstState"/> has another length.</exception>
    public void BeginEpisode(ReadOnlySpan<float> firstState)
    {
        _states.Append(firstState);
        _inEpisode = true;
    }

    /// <summary>Adds the transition from the newest state, over the oldest one where the memory is full.</summary>
    /// <param name="actions">Raw noisy actions, [N, 3].</param>
    /// <param name="selected">Which clients offloaded, [N].</param>
    /// <param name="reward">The raw reward.</param>
    /// <param name="nextState">Raw observations after it, [N, 7].</param>
    /// <param name="done">Whether the episode ended with it.</param>
    /// <param name="error">Its error, which gives its priority.</param>
    /// <returns>The slot it was written to.</returns>
    /// <exception cref="ArgumentException">An argument has the wrong length, or the error is not finite; nothing was added.</exception>
    /// <exception cref="InvalidOperationException">No episode has begun since the last one ended.</exception>
    public int Add(
        ReadOnlySpan<float> actions, ReadOnlySpan<bool> selected, double reward, ReadOnlySpan<float> nextState, bool done, double error)
    {
        if (!_inEpisode)
            throw new InvalidOperationException("Begin an episode before adding its transitions.");
        RequireLength(actions.Length, Clients * RawAction.Width, nameof(actions));
        RequireLength(selected.Length, Clients, nameof(selected));
        RequireLength(nextState.Length, Clients * Observation.Width, nameof(nextState));
        var priority = ToPriority(error);

        var slot = (int)(Added % Capacity);
        _actions.Append(actions);
        _selected.Append(selected);
        _outcomes.Append([new Outcome(_states.End - 1, reward, done)]);
        _states.Append(nextState);
        _inEpisode = !done;
        _priorities[slot] = priority;
        ForgetOverwritten();
        return slot;
    }

    /// <summary>
    /// Draws a minibatch: the total is cut into equal segments, and draw i is segment length times (i + uniform i). A search that by rounding
    /// ends in a slot without a transition takes the newest transition.
    /// </summary>
    /// <param name="uniforms">Uniform draws in [0, 1), [B].</param>
    /// <param name="slots">Receives the slots drawn, [B]; a slot can come more than once.</param>
    /// <param name="weights">Receives the importance weights over the largest of them, [B], in (0, 1].</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="InvalidOperationException">The memory is empty.</exception>
    public void Sample(ReadOnlySpan<double> uniforms, Span<int> slots, Span<double> weights)
    {
        RequireLength(slots.Length, uniforms.Length, nameof(slots));
        RequireLength(weights.Length, uniforms.Length, nameof(weights));
        if (Count == 0)
            throw new InvalidOperationException("An empty memory has nothing to sample.");

        Beta = Math.Min(1, Beta + BetaIncrement);
        var segment = Total / uniforms.Length;
        var largest = 0.0;
        for (var i = 0; i < uniforms.Length; i++)
        {
            var slot = _priorities.Find(segment * (i + uniforms[i]));
            if (!Holds(slot))
                slot = (int)((Added - 1) % Capacity);
            slots[i] = slot;
            weights[i] = Math.Pow(Count * (_priorities[slot] + WeightOffset) / (Total + WeightOffset), -Beta);
            largest = Math.Max(largest, weights[i]);
        }

        foreach (ref var weight in weights)
            weight /= largest;
    }

    /// <summary>Gives a transition the priority of a new error.</summary>
    /// <exception cref="ArgumentException">The error is not finite; the priority stays.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public void UpdatePriority(int slot, double error) => SetPriority(slot, ToPriority(error));

    /// <summary>Sets a priority itself, as it was read from a checkpoint.</summary>
    /// <exception cref="ArgumentException">The priority is negative or not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public void SetPriority(int slot, double priority)
    {
        _ = Number(slot);
        if (!double.IsFinite(priority) || priority < 0)
            throw new ArgumentException($"{priority} is no priority.", nameof(priority));
        _priorities[slot] = priority;
    }

    /// <summary>Priority of a transition.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public double Priority(int slot)
    {
        _ = Number(slot);
        return _priorities[slot];
    }

    /// <summary>Priorities of all transitions, oldest first.</summary>
    public double[] Priorities()
    {
        var priorities = new double[Count];
        for (var i = 0; i < priorities.Length; i++)
            priorities[i] = _priorities[(int)((Added - Count + i) % Capacity)];
        return priorities;
    }

    /// <summary>Whether a slot holds a transition.</summary>
    public bool Holds(int slot) => slot >= 0 && slot < Capacity && Newest(slot) >= Added - Count;

    /// <summary>
    /// Whether a transition's S is stored for itself and not as S' of the transition before it: true for the first of an episode, and for the
    /// oldest one held.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public bool BeginsStates(int slot)
    {
        var number = Number(slot);
        return number == _outcomes.First || _outcomes[number][0].State != _outcomes[number - 1][0].State + 1;
    }

    /// <summary>Raw observations S, [N, 7].</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public ReadOnlySpan<float> State(int slot) => _states[Find(slot).State];

    /// <summary>Raw observations S', [N, 7].</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public ReadOnlySpan<float> NextState(int slot) => _states[Find(slot).State + 1];

    /// <summary>Raw noisy actions A, [N, 3].</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public ReadOnlySpan<float> Actions(int slot) => _actions[Number(slot)];

    /// <summary>Which clients offloaded, [N].</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public ReadOnlySpan<bool> Selected(int slot) => _selected[Number(slot)];

    /// <summary>The raw reward.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public double Reward(int slot) => Find(slot).Reward;

    /// <summary>Whether the episode ended with the transition.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slot holds no transition.</exception>
    public bool Done(int slot) => Find(slot).Done;

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
            throw new ArgumentException($"Expected {expected} values, not {length}.", name);
    }

    /// <summary>Number of the newest transition that was or would have been written to a slot; it may not be held.</summary>
    private long Newest(int slot)
    {
        var behind = (Added - 1 - slot) % Capacity;
        return Added - 1 - (behind < 0 ? behind + Capacity : behind);
    }

    private long Number(int slot) =>
        Holds(slot) ? Newest(slot) : throw new ArgumentOutOfRangeException(nameof(slot), slot, "The slot holds no transition.");

    private Outcome Find(int slot) => _outcomes[Number(slot)][0];

    private void ForgetOverwritten()
    {
        var oldest = Added - Count;
        _actions.ForgetBefore(oldest);
        _selected.ForgetBefore(oldest);
        _outcomes.ForgetBefore(oldest);
        _states.ForgetBefore(_outcomes[oldest][0].State);
    }

    /// <summary>What a transition holds beside its rows.</summary>
    /// <param name="State">Number of the row of S; S' is the next.</param>
    /// <param name="Reward">The raw reward.</param>
    /// <param name="Done">Whether the episode ended.</param>
    private readonly record struct Outcome(long State, double Reward, bool Done);
}
