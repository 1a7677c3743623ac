namespace Simulator.Environment;

/// <summary>When the edge server finishes the tasks that arrive at it (ccm-madrl, section 1). Allocates only when it is made.</summary>
/// <param name="mode">Whether tasks queue for units (H2) or start on arrival (TOBM).</param>
/// <param name="queue">How tasks wait in H2.</param>
/// <param name="units">Computing units of H2.</param>
/// <param name="horizon">Time in s beyond which a finish need not be told apart from never.</param>
internal sealed class EdgeServer(ServerMode mode, QueueDiscipline queue, int units, double horizon)
{
    // A binary heap of the times at which units become free: which unit serves a task does not matter, only when one is free.
    private readonly double[] _free = new double[units];

    /// <summary>Fills in when tasks finish.</summary>
    /// <param name="order">Indices of the offloaded clients, by ascending arrival.</param>
    /// <param name="arrival">Arrival of each client's task in s, [N].</param>
    /// <param name="service">Service time of each client's task in s, [N].</param>
    /// <param name="finish">
    /// Receives the finish in s, [N], at the indices in <paramref name="order"/>; a task that cannot finish before the horizon
    /// may get positive infinity.
    /// </param>
    internal void Serve(ReadOnlySpan<int> order, ReadOnlySpan<double> arrival, ReadOnlySpan<double> service, Span<double> finish)
    {
        if (mode == ServerMode.TOBM)
        {
            foreach (var client in order)
                finish[client] = arrival[client] + service[client];
            return;
        }

        Array.Clear(_free);
        for (var position = 0; position < order.Length; position++)
        {
            var client = order[position];
            if (position >= _free.Length)
            {
                if (queue == QueueDiscipline.Reference)
                    AddBacklog(order[..position], service);

                // Units only ever get busier, so everybody behind this client waits beyond the horizon too.
                if (_free[0] >= horizon)
                {
                    foreach (var late in order[position..])
                        finish[late] = double.PositiveInfinity;
                    return;
                }
            }

            finish[client] = Math.Max(arrival[client], _free[0]) + service[client];
            ReplaceEarliest(finish[client]);
        }
    }

    /// <summary>The original's quirk: each waiting task finds all earlier tasks, served or not, put on the units once more.</summary>
    private void AddBacklog(ReadOnlySpan<int> earlier, ReadOnlySpan<double> service)
    {
        foreach (var client in earlier)
        {
            ReplaceEarliest(_free[0] + service[client]);
            if (_free[0] >= horizon)
                return;
        }
    }

    private void ReplaceEarliest(double time)
    {
        var node = 0;
        while (true)
        {
            var child = (2 * node) + 1;
            if (child >= _free.Length)
                break;
            if (child + 1 < _free.Length && _free[child + 1] < _free[child])
                child++;
            if (time <= _free[child])
                break;
            _free[node] = _free[child];
            node = child;
        }

        _free[node] = time;
    }
}
