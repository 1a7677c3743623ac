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
        _critic = CriticBank.Create(device, CellMembers.CriticOf(options), options.Clients, Observation.Width, ClientAction.Width);
        _critic.Allocate(1, options.Learning.CriticRate, norm, CellMembers.RegularisationOf(options), CellMembers.CriticRecyclingOf(options));
        _critic.WriteState(0, CellMembers.CriticStartOf(options).Span);
        for (var i = 0; i < _slots; i++)
        {
            _policies.WriteState(i, _clients[i].Start().Span);
        }
    }

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
        var seen = new float[observations.Length];
        for (var i = 0; i < _clients.Length; i++)
        {
            _clients[i].See(all.Slice(i * Observation.Width, Observation.Width)).CopyTo(seen.AsSpan(i * Observation.Width));
        }

        var outputs = _policies.Architecture.Outputs;
        var preActivations = new float[_clients.Length * outputs];
        _policies.Infer(0, _slots, Sharers, seen, preActivations);
        _master.Begin(all);
        for (var i = 0; i < _clients.Length; i++)
        {
            var (policy, explored) = _clients[i].Act(turn, preActivations.AsSpan(i * outputs, outputs));
            _master.Propose(i, policy, explored);
        }

        return _master.Decide(turn, out var query) ?? _master.Decide(turn, query!, _critic.Evaluate(0, [query!])[0]);
    }

    private UpdateReport? Learn()
    {
        var query = _master.ErrorQuery();
        Require(_master.Store(_master.Errors(query, _critic.Evaluate(0, [query])[0])), "the critic's value of a stored transition");
        using var round = _master.BeginUpdate(_cell.Turn.Episode);
        if (round is null)
        {
            return null;
        }

        var minibatches = Sample(round);
        var targets = round.TargetQuery();
        var step = _critic.Improve(0, [round.Lesson(targets, _critic.Evaluate(0, [targets])[0])])[0];
        Require(step.Outcome.Finite, "the critic's loss, gradient or parameters");
        _master.Learned(step);
        var turn = _cell.Turn with { Phase = Phase.Learning };
        var reports = new AgentReport[_clients.Length];
        var loss = 0.0;
        if (_options.Learning.Update == UpdateMode.Sequential)
        {
            for (var i = 0; i < _clients.Length; i++)
            {
                var answer = _critic.Differentiate(0, [round.Question()])[0];
                loss += answer.Loss / _clients.Length;
                var gradient = _clients[i].Gradient(round.GradientOf(i, answer));
                reports[i] = _clients[i].Learned(turn, _policies.Improve(i, 1, _options.Learning.Batch, minibatches[i].Span, gradient.Span)[0]);
                var after = new float[gradient.Length];
                _policies.Infer(i, 1, _options.Learning.Batch, minibatches[i].Span, after);
                round.SetActions(i, _clients[i].Actions(new HostPayload(after)));
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
            var outcomes = _policies.Improve(0, _slots, Sharers * _options.Learning.Batch, seen, gradients);
            for (var i = 0; i < _clients.Length; i++)
            {
                reports[i] = _clients[i].Learned(turn, outcomes[i / Sharers]);
            }
        }

        Require(Array.TrueForAll(reports, r => r.Finite), "the gradient or parameters of a client");
        return UpdateSummary.Of(step, loss, reports);
    }

    /// <summary>What each client's policy does on the minibatch; returns what each saw of S.</summary>
    private HostPayload[] Sample(UpdateRound round)
    {
        var rows = 2 * _options.Learning.Batch;
        var seen = new HostPayload[_clients.Length];
        var all = new float[_clients.Length * rows * Observation.Width];
        for (var i = 0; i < _clients.Length; i++)
        {
            var both = _clients[i].See(round.StatesOf(i), round.NextStatesOf(i));
            both.CopyTo(all.AsSpan(i * both.Length));
            seen[i] = both.Slice(0, both.Length / 2);
        }

        var length = rows * _policies.Architecture.Outputs;
        var preActivations = new float[_clients.Length * length];
        _policies.Infer(0, _slots, Sharers * rows, all, preActivations);
        for (var i = 0; i < _clients.Length; i++)
        {
            var (actions, next) = _clients[i].Minibatch(new HostPayload(preActivations.AsMemory(i * length, length)));
            round.SetActions(i, actions, next);
        }

        return seen;
    }

    private static void Require(bool finite, string what)
    {
        if (!finite)
        {
            throw new NotFiniteNumberException($"{what} became non-finite");
        }
    }
}
