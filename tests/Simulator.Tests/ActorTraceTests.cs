using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using Simulator.Telemetry;

namespace Simulator.Tests;

public sealed class ActorTraceTests
{
    [Fact]
    public async Task What_an_actor_logs_in_the_name_of_an_episode_is_exported_with_the_episode_s_trace()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == Instruments.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var collector = new Collector();
        using var factory = LoggerFactory.Create(b => b.AddOpenTelemetry(o => o.AddProcessor(new ActorTrace()).AddProcessor(collector)));
        var setup = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(StandardErrorLogger.Configuration));
        var system = ActorSystem.Create("traced", ActorSystemSetup.Create(setup, new LoggingSetup(factory)));
        try
        {
            var (log, trace) = (Logging.GetLogger(system, "master"), new EpisodeTrace());
            trace.Begin("cell-traced", 7, "act");
            trace.Enter("critic");
            trace.Within(() => log.Error("within"));
            log.Error("without");
            trace.End("it failed");
            var records = new[] { await collector.NextAsync(), await collector.NextAsync() };

            var critic = spans.Single(s => s.OperationName == "critic" && spans.Any(e => e.SpanId == s.ParentSpanId && Equals(e.GetTagItem("simulator.cell"), "cell-traced")));
            Assert.Equal((critic.TraceId, critic.SpanId), records.Single(r => r.Text == "within").Ids);
            Assert.Equal(default, records.Single(r => r.Text == "without").Ids);
        }
        finally
        {
            await system.Terminate();
        }
    }

    private sealed class Collector : BaseProcessor<LogRecord>
    {
        private readonly System.Threading.Channels.Channel<(string, (ActivityTraceId, ActivitySpanId))> _records =
            System.Threading.Channels.Channel.CreateUnbounded<(string, (ActivityTraceId, ActivitySpanId))>();

        public override void OnEnd(LogRecord data) => _records.Writer.TryWrite((data.Attributes!.First(a => a.Key == "Message").Value!.ToString()!, (data.TraceId, data.SpanId)));

        internal async Task<(string Text, (ActivityTraceId, ActivitySpanId) Ids)> NextAsync()
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(TimeSpan.FromSeconds(30));
            return await _records.Reader.ReadAsync(patience.Token);
        }
    }
}
