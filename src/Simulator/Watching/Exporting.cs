using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Simulator.Lab;
using Simulator.Telemetry;

namespace Simulator;

/// <summary>What leaves the process of metrics, traces and logs: to Prometheus where the command listens, and by OTLP where the standard OTEL_* variables say where to.</summary>
internal static class Exporting
{
    /// <summary>OpenTelemetry's limit where nothing else is said.</summary>
    private const int UsualLimit = 2000;

    /// <summary>Series of one cell under one name, at most: layers of both networks, or policies without learning.</summary>
    private const int SeriesOfCell = 64;

    private static readonly string[] OtlpVariables =
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    ];

    /// <summary>Whether the environment asks for OTLP.</summary>
    internal static bool OtlpAsked =>
        Array.Exists(OtlpVariables, v => !string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable(v)))
        && !string.Equals(System.Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Adds the export of a run: scenario and seed are attributes of the resource, never of series.</summary>
    /// <param name="services">Services of the host.</param>
    /// <param name="plan">What runs.</param>
    /// <param name="prometheus">Whether Prometheus may scrape.</param>
    internal static void AddExport(this IServiceCollection services, ScenarioPlan plan, bool prometheus) => services.AddExport(
        [new("simulator.scenario", plan.Scenario.Name), new("simulator.seed", plan.Scenario.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture))],
        plan,
        prometheus);

    /// <summary>Adds an export.</summary>
    /// <param name="services">Services of the host.</param>
    /// <param name="attributes">Attributes of the resource.</param>
    /// <param name="plan">What runs; null for a node, whose cells come and go.</param>
    /// <param name="prometheus">Whether Prometheus may scrape.</param>
    internal static void AddExport(this IServiceCollection services, IEnumerable<KeyValuePair<string, object>> attributes, ScenarioPlan? plan, bool prometheus)
    {
        var options = plan?.Scenario.Telemetry ?? new TelemetryOptions();
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService("simulator", serviceVersion: typeof(Exporting).Assembly.GetName().Version?.ToString(3)).AddAttributes(attributes))
            .WithMetrics(m =>
            {
                m.AddMeter(Instruments.Name).AddRuntimeInstrumentation().AddView(i => new MetricStreamConfiguration { CardinalityLimit = LimitOf(i.Name, plan) });
                if (prometheus)
                {
                    m.AddPrometheusExporter();
                }
            });
        if (OtlpAsked)
        {
            telemetry
                .WithTracing(t => t.AddSource(Instruments.Name).SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceRatio))))
                .WithLogging(l => l.AddProcessor(new ActorTrace()))
                .UseOtlpExporter();
        }
    }

    /// <summary>Room for the series of a name: those that the scenario will have, so that none folds into the overflow; of a node, whatever it may host by the usual settings of telemetry.</summary>
    internal static int LimitOf(string instrument, ScenarioPlan? plan)
    {
        var options = plan?.Scenario.Telemetry ?? new TelemetryOptions();
        var cells = Math.Min(plan?.Cells.Count ?? int.MaxValue, options.Cells.Full);
        var wanted = instrument.StartsWith("simulator.agent.", StringComparison.Ordinal) ? Math.Max(options.Agents.Full, options.Agents.Sample)
            : instrument.StartsWith("simulator.top.", StringComparison.Ordinal) ? (Math.Max(cells, 1) * options.Agents.Worst) + options.Cells.Worst
            : instrument.StartsWith("simulator.", StringComparison.Ordinal) ? Math.Max(cells, 1) * SeriesOfCell
            : 0;
        var agents = plan?.Cells.Sum(c => c.Options.Learns ? (long)c.Options.Clients : 0) ?? long.MaxValue;
        if (instrument.StartsWith("simulator.agent.", StringComparison.Ordinal))
        {
            wanted = (int)Math.Min(wanted, Math.Max(agents, options.Agents.Sample));
        }

        return Math.Max(UsualLimit, wanted + 1);
    }
}
