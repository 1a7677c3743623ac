using Simulator.Agents;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// A cell as a plain loop: the same classes that the actors hold, called one after the other, without a message. It is there to be measured and compared against:
/// what the actors cost is the difference in time, and there must be none in the results. Nothing runs through it but benchmarks and tests.
/// </summary>
public sealed class BareCell : IDisposable
{
    private readonly CellOptions _options;
    private readonly PolicyBank _policies;
    private readonly CriticBank _critic;
    private readonly ClientAgent[] _clients;
    private readonly MasterAgent _master;
    private readonly CellSimulation _cell;
    private readonly int _slots;
    private readonly double _tau;

    /// <summary>Makes a cell on a device of the calling thread.</summary>
    public BareCell(CellOptions options, ComputeDevice device)
    {
        _options = options;
        _cell = new CellSimulation(options, epoch: 0);
        _master = new MasterAgent(CellMembers.MasterOf(options));
        var settings = CellMembers.ClientsOf(options);
        _clients = [.. Enumerable.Range(0, options.Clients).Select(i => new ClientAgent(i, settings))];
        _slots = CellMembers.PoliciesOf(options);
        var norm = CellMembers.MaxGradientNormOf(options);
        _policies = PolicyBank.Create(device, CellMembers.PolicyOf(options));
        _policies.Allocate(_slots, options.Learning.ActorRate, norm, CellMembers.RegularisationOf(options), CellMembers.PolicyRecyclingOf(options));
        _tau = CellMembers.TauOf(options);
        _critic = CriticBank.Create(device, CellMembers.CriticOf(options), options.Clients, Observation.Width, ClientAction.Width);
        _critic.Allocate(1, options.Learning.CriticRate, norm, CellMembers.RegularisationOf(options), CellMembers.CriticRecyclingOf(options));
        _critic.WriteState(0, CellMembers.CriticStartOf(options).Span);
        for (var i = 0; i < _slots; i++)
        {
            _policies.WriteState(i, _clients[i].Start().Span);
        }

        if (HasTargets)
        {
            // Targets lie behind, and start as what they follow.
            _policies.Allocate(_slots, 0, 0);
            _critic.Allocate(1, 0, 0);
            _policies.Follow(0, _slots, _slots, 1);
            _critic.Follow(0, 1, 1, 1);
        }
    }

    private bool HasTargets => _tau < 1;

    /// <summary>Clients that a policy serves: one, or all.</summary>
    private int Sharers => _clients.Length / _slots;

    /// <summary>Runs the next episode, learning included where the cell learns.</summary>
    /// <returns>Its totals, and what was learned after it; null where there was no update.</returns>
    /// <exception cref="NotFiniteNumberException">A loss, gradient, parameter or a reward of acting became non-finite.</exception>
    public (EpisodeTotals Totals, UpdateReport? Update) RunEpisode()
    {
        _cell.BeginEpisode();
        var observations = _cell.Observe();
        for (var done = false; !done;)
        {
            var decision = Decide(observations);
            var result = _cell.Step(decision.Selected, decision.Actions.ToArray());
            observations = _cell.Observe();
            if (_options.Learns)
            {
                _master.Outcome(result.Reward, new HostPayload(observations), result.Done);
            }
            else
            {
                Require(double.IsFinite(result.Reward), "the reward");
            }

            done = result.Done;
        }

        var totals = _cell.Totals;
        var update = _options.Learns ? Learn() : null;
        _cell.EndEpisode(update);
        return (totals, update);
    }

    /// <summary>Parameters of a client's policy, in the order of the layout; where the clients share it, client 0's.</summary>
    public float[] PolicyParameters(int client)
    {
        var values = new float[_policies.Layout.Length];
        _policies.Read(client, 0, values);
        return values;
    }

    /// <summary>Parameters of the critic, in the order of the layout.</summary>
    public float[] CriticParameters()
    {
        var values = new float[_critic.Layout.Length];
        _critic.Read(0, 0, values);
        return values;
    }

    /// <summary>Running statistics of observations, [2, 7]; empty where there are none.</summary>
    public float[] ObservationStatistics => _cell.CurrentStatistics.ToArray();

    /// <inheritdoc/>
    public void Dispose()
    {
        _policies.Dispose();
        _critic.Dispose();
    }

    private CellProtocol.Decide Decide(float[] observations)
    {
        var turn = _cell.Turn;
        var all = new HostPayload(observations);
        var statistics = _cell.Statistics(observations);
        var seen = new IPayload[_clients.Length];
        var targetRows = 0;
        for (var i = 0; i < _clients.Length; i++)
        {
            _clients[i].Scale(statistics);
            (seen[i], targetRows) = _clients[i].See(turn, all.Slice(i * Observation.Width, Observation.Width));
        }

        var preActivations = Infer(seen, targetRows);
        _master.Begin(all, statistics);
        for (var i = 0; i < _clients.Length; i++)
        {
            var (policy, explored) = _clients[i].Act(turn, preActivations[i].Span);
            _master.Propose(i, policy, explored);
        }

        return _master.Decide(turn, out var query) ?? _master.Decide(turn, query!, Values(query!));
    }

    private UpdateReport? Learn()
    {
        var query = _master.ErrorQuery();
        Require(_master.Store(_master.Errors(query, Values(query))), "the critic's value of a stored transition");
        using var round = _master.BeginUpdate(_cell.Turn.Episode);
        if (round is null)
        {
            return null;
        }

        var turn = _cell.Turn with { Phase = Phase.Learning };
        var minibatches = Sample(turn, round);
        var targets = round.TargetQuery();
        var lesson = round.Lesson(targets, Values(targets));
        for (var slot = 0; slot < _critic.Slots && lesson.Rescaling is { } rescaling; slot++)
        {
            _critic.Rescale(slot, rescaling);
        }

        var step = _critic.Improve(0, [lesson])[0];
        if (HasTargets)
        {
            _critic.Follow(0, 1, 1, _tau);
        }

        Require(step.Outcome.Finite, "the critic's loss, gradient or parameters");
        step = _master.Learned(step);
        if (!_master.ActorsLearn(_cell.Turn.Episode))
        {
            return UpdateSummary.Of(step);
        }

        _policies.ScaleRates(0, _slots, _master.ActorRateFactor);
        var reports = new AgentReport[_clients.Length];
        var loss = 0.0;
        if (_options.Learning.Update == UpdateMode.Sequential)
        {
            for (var i = 0; i < _clients.Length; i++)
            {
                var answer = _critic.Differentiate(0, [round.Question()])[0];
                loss += answer.Loss / _clients.Length;
                var gradient = _clients[i].Gradient(round.GradientOf(i, answer));
                reports[i] = _clients[i].Learned(turn, Improve(i, 1, _options.Learning.Batch, minibatches[i].Span, gradient.Span)[0]);
                var after = new float[gradient.Length];
                _policies.Infer(i, 1, _options.Learning.Batch, minibatches[i].Span, after);
                round.SetActions(i, _clients[i].ActionsAfter(new HostPayload(after)));
            }
        }
        else
        {
            var answer = _critic.Differentiate(0, [round.Question()])[0];
            loss = answer.Loss;
            var seen = new float[_clients.Length * minibatches[0].Length];
            var gradients = new float[_clients.Length * _options.Learning.Batch * _policies.Architecture.Outputs];
            for (var i = 0; i < _clients.Length; i++)
            {
                minibatches[i].CopyTo(seen.AsSpan(i * minibatches[i].Length));
                var gradient = _clients[i].Gradient(round.GradientOf(i, answer));
                gradient.CopyTo(gradients.AsSpan(i * gradient.Length));
            }

            // A policy that serves several clients steps along the mean of their gradients.
            gradients = Sharers == 1 ? gradients : Array.ConvertAll(gradients, g => g / Sharers);
            var outcomes = Improve(0, _slots, Sharers * _options.Learning.Batch, seen, gradients);
            for (var i = 0; i < _clients.Length; i++)
            {
                reports[i] = _clients[i].Learned(turn, outcomes[i / Sharers]);
            }
        }

        Require(Array.TrueForAll(reports, r => r.Finite), "the gradient or parameters of a client");
        var report = UpdateSummary.Of(step, loss, reports, _options.SharesPolicy);
        return _master.Learned(report);
    }

    /// <summary>What each client's policy does on the minibatch; returns what each saw of S.</summary>
    private HostPayload[] Sample(Turn turn, UpdateRound round)
    {
        var both = _clients.Select((client, i) => client.See(round.StatesOf(i), round.NextStatesOf(i))).ToArray();
        var preActivations = Infer(both, HasTargets ? _options.Learning.Batch : 0);
        for (var i = 0; i < _clients.Length; i++)
        {
            var (actions, next) = _clients[i].Minibatch(turn, preActivations[i]);
            round.SetActions(i, actions, next);
        }

        return Array.ConvertAll(both, seen => seen.Slice(0, seen.Length / 2));
    }

    /// <summary>What each client's policy answers to what it sees, and its target to the last rows of it.</summary>
    private HostPayload[] Infer(IPayload[] seen, int targetRows)
    {
        var (inputs, outputs) = (_policies.Architecture.Inputs, _policies.Architecture.Outputs);
        var rows = seen[0].Length / inputs;
        var all = new float[seen.Length * rows * inputs];
        for (var i = 0; i < seen.Length; i++)
        {
            seen[i].CopyTo(all.AsSpan(i * rows * inputs));
        }

        var preActivations = new float[seen.Length * rows * outputs];
        if (targetRows > 0)
        {
            _policies.InferWithTargets(0, _slots, _slots, Sharers, rows, targetRows, all, preActivations);
        }
        else
        {
            _policies.Infer(0, _slots, Sharers * rows, all, preActivations);
        }

        return [.. Enumerable.Range(0, seen.Length).Select(i => new HostPayload(preActivations.AsMemory(i * rows * outputs, rows * outputs)))];
    }

    private StepOutcome[] Improve(int first, int count, int rows, ReadOnlySpan<float> seen, ReadOnlySpan<float> gradients)
    {
        var outcomes = _policies.Improve(first, count, rows, seen, gradients);
        if (HasTargets)
        {
            _policies.Follow(first, _slots + first, count, _tau);
        }

        return outcomes;
    }

    private float[] Values(CriticQuery query) => query.TargetRows > 0 ? _critic.EvaluateWithTarget(0, 1, query) : _critic.Evaluate(0, [query])[0];

    private static void Require(bool finite, string what)
    {
        if (!finite)
        {
            throw new NotFiniteNumberException($"{what} became non-finite");
        }
    }
}
