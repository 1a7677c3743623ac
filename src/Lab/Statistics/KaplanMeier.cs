namespace Simulator.Lab.Statistics;

/// <summary>A subject under observation: when it had the event, or until when it was seen without.</summary>
/// <param name="Time">Time of the event, or of the last observation.</param>
/// <param name="Happened">Whether the event came; false: censored.</param>
internal readonly record struct Lifetime(double Time, bool Happened);

/// <summary>One step of a survival curve.</summary>
/// <param name="Time">Time of events.</param>
/// <param name="AtRisk">Subjects still under observation just before.</param>
/// <param name="Events">Events at that time.</param>
/// <param name="Survival">Estimated share without the event from here on.</param>
/// <param name="StandardError">Greenwood's standard error of it.</param>
/// <param name="Low">Lower end of the 95 % interval; null where the survival is 0.</param>
/// <param name="High">Upper end; null likewise.</param>
internal readonly record struct SurvivalStep(double Time, int AtRisk, int Events, double Survival, double StandardError, double? Low, double? High);

/// <summary>
/// The product-limit estimate of survival under censoring. Source: Kaplan and Meier, JASA 53 (1958); variance by Greenwood's formula; intervals on the scale log(-log S), which stay
/// within [0, 1] (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, section 1.4). Subjects censored at a time of events count as at risk there.
/// </summary>
internal sealed class KaplanMeier
{
    /// <summary>The 97.5 % quantile of the standard normal distribution.</summary>
    private const double NormalQuantile = 1.959963984540054;

    /// <summary>A product of shares can miss a half by some units in the last place.</summary>
    private const double Rounding = 1e-12;

    /// <summary>Estimates the curve.</summary>
    internal KaplanMeier(IReadOnlyCollection<Lifetime> lifetimes)
    {
        var steps = new List<SurvivalStep>();
        var survival = 1.0;
        var greenwood = 0.0;
        var atRisk = lifetimes.Count;
        foreach (var time in lifetimes.GroupBy(l => l.Time).OrderBy(g => g.Key))
        {
            var events = time.Count(l => l.Happened);
            if (events > 0)
            {
                survival *= 1 - ((double)events / atRisk);
                greenwood += (double)events / ((double)atRisk * (atRisk - events));
                steps.Add(Step(time.Key, atRisk, events, survival, greenwood));
            }

            atRisk -= time.Count();
        }

        Steps = steps;
    }

    /// <summary>The steps, in order of time; before the first the survival is 1.</summary>
    internal IReadOnlyList<SurvivalStep> Steps { get; }

    /// <summary>The first time at which at most half are without the event; null where that never came.</summary>
    internal double? Median => Steps.Where(s => s.Survival <= 0.5 + Rounding).Select(s => (double?)s.Time).FirstOrDefault();

    /// <summary>Estimated share without the event after a time.</summary>
    internal double At(double time) => Steps.LastOrDefault(s => s.Time <= time) is { AtRisk: > 0 } step ? step.Survival : 1;

    private static SurvivalStep Step(double time, int atRisk, int events, double survival, double greenwood)
    {
        if (survival <= 0)
        {
            return new SurvivalStep(time, atRisk, events, 0, 0, null, null);
        }

        var error = survival * Math.Sqrt(greenwood);
        // d log(-log S) / dS = 1 / (S log S); exp(log(-log S) +- z e) makes S^exp(+-z e).
        var width = NormalQuantile * Math.Sqrt(greenwood) / Math.Abs(Math.Log(survival));
        return new SurvivalStep(time, atRisk, events, survival, error, Math.Pow(survival, Math.Exp(width)), Math.Pow(survival, Math.Exp(-width)));
    }
}
