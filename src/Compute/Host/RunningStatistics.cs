namespace Simulator.Compute;

/// <summary>
/// The running normalisation of the research's fullnorm variant on the processor: (x - mean) / (sqrt(var) + 1e-5), with momentum 0.99. Statistics are the mean, then the variance.
/// </summary>
internal static unsafe class RunningStatistics
{
    /// <summary>Takes the mean and variance over rows into the statistics.</summary>
    /// <param name="statistics">[2, width].</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Width.</param>
    internal static void Update(float* statistics, Rows x, int rows, int width)
    {
        if (rows == 0)
        {
            return;
        }

        for (var i = 0; i < width; i++)
        {
            var sum = 0.0;
            for (var r = 0; r < rows; r++)
            {
                sum += x[r][i];
            }

            var mean = sum / rows;
            var squares = 0.0;
            for (var r = 0; r < rows; r++)
            {
                squares += (x[r][i] - mean) * (x[r][i] - mean);
            }

            Mix(ref statistics[i], mean);
            Mix(ref statistics[width + i], squares / rows);
        }
    }

    /// <summary>y = (x - mean) / deviation.</summary>
    internal static void Apply(float* statistics, Rows x, Rows y, int rows, int width)
    {
        for (var i = 0; i < width; i++)
        {
            var deviation = Deviation(statistics, width, i);
            for (var r = 0; r < rows; r++)
            {
                y[r][i] = (x[r][i] - statistics[i]) / deviation;
            }
        }
    }

    /// <summary>sqrt(var) + 1e-5 of one input.</summary>
    internal static float Deviation(float* statistics, int width, int input) => MathF.Sqrt(statistics[width + input]) + (float)RunningNorm.Epsilon;

    private static void Mix(ref float running, double now) => running = (float)((running * RunningNorm.Momentum) + ((1 - RunningNorm.Momentum) * now));
}
