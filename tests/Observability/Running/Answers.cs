using System.Diagnostics;

namespace Simulator.Observability.Tests.Running;

/// <summary>An expression that must have an answer.</summary>
/// <param name="Place">Where it stands, for messages.</param>
/// <param name="Expression">The PromQL, without variables.</param>
/// <param name="Instant">Whether it is asked for this moment, as rules and tables do, rather than for the time since Prometheus began.</param>
internal sealed record Question(string Place, string Expression, bool Instant);

/// <summary>Puts questions to Prometheus.</summary>
internal static class Answers
{
    /// <summary>A scrape that comes late leaves nothing at one moment; the next one mends it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Every question is answered but those that are known not to be: one of these that is fails, too.</summary>
    public static async Task AssertAsync(PrometheusServer server, IEnumerable<Question> questions, params string[] unanswered)
    {
        var all = questions.ToList();
        Assert.NotEmpty(all);
        var clock = Stopwatch.StartNew();
        Dictionary<string, string> lacks;
        while (true)
        {
            lacks = await LacksAsync(server, all);
            if (lacks.Keys.ToHashSet().SetEquals(unanswered) || clock.Elapsed > Patience)
            {
                break;
            }

            await Task.Delay(PrometheusServer.Interval / 4, TestContext.Current.CancellationToken);
        }

        Faults.AssertNone(lacks.Where(lack => !unanswered.Contains(lack.Key)).Select(lack => $"{lack.Key}: {lack.Value}").Concat(unanswered.Except(lacks.Keys).Select(place => $"{place}: is answered, and known not to be")));
    }

    private static async Task<Dictionary<string, string>> LacksAsync(PrometheusServer server, List<Question> questions)
    {
        var patience = TestContext.Current.CancellationToken;
        var lacks = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var question in questions)
        {
            if (await (question.Instant ? server.LackNowAsync(question.Expression, patience) : server.LackSinceStartAsync(question.Expression, patience)) is { } lack)
            {
                lacks[question.Place] = $"{lack}\n{question.Expression}";
            }
        }

        return lacks;
    }
}
