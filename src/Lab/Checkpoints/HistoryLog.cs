using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab;

/// <summary>
/// What a cell told, as bytes that can be appended to: from them its history comes out as it was. Of an episode that no result file tells of agent by agent it holds how many agents
/// were in which state.
/// </summary>
internal sealed class HistoryLog
{
    private StateWriter _news = new();
    private AgentCounts _states;
    private int _rowDue;
    private List<PopulationProtocol.AgentsLearned> _agents = [];
    private List<PopulationProtocol.AgentsLearned> _newestAgents = [];
    private PopulationProtocol.EpisodeFinished? _newestUpdate;

    /// <summary>Makes the log of a cell that begins.</summary>
    internal HistoryLog() => _rowDue = CellHistory.RowAfter(0);

    /// <summary>Makes the log of a cell that goes on.</summary>
    /// <param name="history">What it has told.</param>
    internal HistoryLog(CellHistory history)
    {
        _rowDue = history.AgentsDue;
        _states = CellHistory.Count(history.LastUpdate);
    }

    private enum Entry
    {
        /// <summary>The cell began, was evaluated, or ended.</summary>
        Message,

        /// <summary>An episode.</summary>
        Episode,

        /// <summary>The episode with the newest update, agent by agent.</summary>
        NewestUpdate,
    }

    /// <summary>Takes in that a cell began, was evaluated, or ended.</summary>
    internal void AddMessage(object message)
    {
        _news.Write((int)Entry.Message);
        StoredMessage.Save(_news, message);
    }

    /// <summary>Takes in what the agents' outputs were in the update after the episode that follows.</summary>
    internal void Add(PopulationProtocol.AgentsLearned message) => _agents.Add(message);

    /// <summary>Takes in an episode.</summary>
    internal void Add(PopulationProtocol.EpisodeFinished message)
    {
        if (message.Update?.Actors is not null)
        {
            (_newestUpdate, _newestAgents) = (message, _agents);
            _states = CellHistory.Count(message.Update);
        }

        var whole = message.Update is { Agents.Length: > 0 } && message.Episode >= _rowDue;
        if (whole)
        {
            _rowDue = CellHistory.RowAfter(message.Episode);
            _agents.ForEach(AddMessage);
        }

        var states = message.Update is null ? default : _states;
        _agents = [];
        _news.Write((int)Entry.Episode);
        _news.Write([states.Learning, states.Saturated, states.Dead, states.Frozen]);
        StoredMessage.Save(_news, whole ? message : CellHistory.WithoutAgents(message));
    }

    /// <summary>What was taken in since the last call.</summary>
    internal byte[] Take()
    {
        if (_newestUpdate is { } newest)
        {
            _newestAgents.ForEach(AddMessage);
            _news.Write((int)Entry.NewestUpdate);
            StoredMessage.Save(_news, newest);
        }

        var bytes = _news.ToArray();
        _news = new StateWriter();
        return bytes;
    }

    /// <summary>Tells a history all that was taken in.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    internal static void Replay(byte[] bytes, CellHistory history)
    {
        var reader = new StateReader(bytes);
        Span<int> counts = stackalloc int[4];
        while (!reader.AtEnd)
        {
            var entry = (Entry)reader.ReadInt32();
            if (entry == Entry.Episode)
            {
                reader.Read(counts);
            }

            switch (StoredMessage.Load(reader))
            {
                case PopulationProtocol.EpisodeFinished m when entry == Entry.NewestUpdate:
                    history.RenewUpdate(m);
                    break;
                case PopulationProtocol.EpisodeFinished m:
                    history.Add(m, new AgentCounts(counts[0], counts[1], counts[2], counts[3]));
                    break;
                case PopulationProtocol.AgentsLearned m:
                    history.Add(m);
                    break;
                case PopulationProtocol.CellStarted m:
                    history.Begin(m);
                    break;
                case PopulationProtocol.Evaluated m:
                    history.Add(m);
                    break;
                case PopulationProtocol.CellEnded m:
                    history.End = m;
                    break;
                case var other:
                    throw new InvalidDataException($"a history holds a {other.GetType().Name}");
            }
        }
    }
}
