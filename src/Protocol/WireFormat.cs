namespace Simulator.Protocol;

/// <summary>
/// How each message is written: a manifest of two letters and its fields in order. A manifest is never given to another message, and fields are never reordered: a changed message
/// gets a new manifest.
/// </summary>
internal static class WireFormat
{
    private static readonly Dictionary<Type, Entry> ByType = [];
    private static readonly Dictionary<string, Entry> ByManifest = new(StringComparer.Ordinal);

    /// <summary>Messages that have messages in them.</summary>
    private static readonly HashSet<string> Holders = new(StringComparer.Ordinal) { "ht", "gb" };

    static WireFormat()
    {
        const int outputBytes = 164;

        // Client
        Add<ClientProtocol.Observe>(
            "cn",
            (w, m) => { w.Turn(m.Turn); w.Payload(m.Observation); w.Payload(m.Statistics); },
            static (ref WireReader r) => new(r.Turn(), r.Payload()) { Statistics = r.Payload() });
        Add<ClientProtocol.ObservationBatch>(
            "cb",
            (w, m) => { w.Turn(m.Turn); w.Payload(m.States); w.Payload(m.NextStates); },
            static (ref WireReader r) => new(r.Turn(), r.Payload(), r.Payload()));
        Add<ClientProtocol.ActionGradient>(
            "cf",
            (w, m) => { w.Turn(m.Turn); w.Payload(m.Gradient); w.Double(m.RateFactor); },
            static (ref WireReader r) => new(r.Turn(), r.Payload(), r.Double()));
        Add<ClientProtocol.Snapshot>("cs", (w, m) => w.Turn(m.Turn), static (ref WireReader r) => new(r.Turn()));
        Add<ClientProtocol.Remember>("ck", (w, m) => w.Turn(m.Turn), static (ref WireReader r) => new(r.Turn()));
        Add<ClientProtocol.Restore>(
            "cr",
            (w, m) => { w.Turn(m.Turn); w.Int(m.Offset); w.Int(m.Total); w.Bytes(m.Values); },
            static (ref WireReader r) => new(r.Turn(), r.Int(), r.Int(), r.Bytes()));

        Add<ClientProtocol.Intervene>(
            "ci",
            (w, m) => { w.Turn(m.Turn); w.Byte((byte)m.Kind); w.Double(m.Factor); },
            static (ref WireReader r) => new(r.Turn(), r.Enumeration<InterventionKind>(), r.Double()));

        // Master
        Add<MasterProtocol.Begin>(
            "mn",
            (w, m) => { w.Turn(m.Turn); w.Payload(m.States); w.Payload(m.Statistics); },
            static (ref WireReader r) => new(r.Turn(), r.Payload()) { Statistics = r.Payload() });
        Add<MasterProtocol.Propose>(
            "mp",
            (w, m) => { w.Turn(m.Turn); w.Int(m.Client); Write(w, m.Policy); Write(w, m.Explored); },
            static (ref WireReader r) => new(r.Turn(), r.Int(), Action(ref r), Action(ref r)));
        Add<MasterProtocol.Outcome>(
            "mo",
            (w, m) => { w.Turn(m.Turn); w.Double(m.Reward); w.Payload(m.NextStates); w.Bool(m.Done); },
            static (ref WireReader r) => new(r.Turn(), r.Double(), r.Payload(), r.Bool()));
        Add<MasterProtocol.ActionBatch>(
            "ma",
            (w, m) => { w.Turn(m.Turn); w.Int(m.Client); w.Payload(m.Actions); w.Payload(m.NextActions); },
            static (ref WireReader r) => new(r.Turn(), r.Int(), r.Payload(), r.Payload()));
        Add<MasterProtocol.PolicyUpdated>(
            "mv",
            (w, m) => { w.Turn(m.Turn); w.Int(m.Client); Write(w, m.Report); w.Payload(m.ActionsAfter); },
            static (ref WireReader r) => new(r.Turn(), r.Int(), Report(ref r), r.Payload()));
        Add<MasterProtocol.Snapshot>("ms", (w, m) => w.Turn(m.Turn), static (ref WireReader r) => new(r.Turn()));

        // Cell
        Add<CellProtocol.Ready>("ey", (w, m) => { w.Int(m.Epoch); w.Int(m.Member); }, static (ref WireReader r) => new(r.Int(), r.Int()));
        Add<CellProtocol.Decide>(
            "ed",
            (w, m) => { w.Turn(m.Turn); w.Bools(m.Selected); w.Payload(m.Actions); },
            static (ref WireReader r) => new(r.Turn(), r.Bools(), r.Payload()));
        Add<CellProtocol.EpisodeLearned>(
            "ev",
            (w, m) => { w.Turn(m.Turn); Optional(w, m.Update); w.Text(m.Divergence); },
            static (ref WireReader r) => new(r.Turn(), OptionalUpdate(ref r, withFactor: true), r.Text()));
        Add<CellProtocol.Parameters>("ep", Write, Parameters);
        Add<CellProtocol.ClientState>(
            "ec",
            (w, m) => { w.Turn(m.Turn); w.Int(m.Client); w.Int(m.Offset); w.Int(m.Total); w.Bytes(m.Values); },
            static (ref WireReader r) => new(r.Turn(), r.Int(), r.Int(), r.Int(), r.Bytes()));
        Add<CellProtocol.Intervene>(
            "ei",
            (w, m) =>
            {
                w.Int(m.Intervention.Number);
                w.Int(m.Intervention.Cell);
                w.Byte((byte)m.Intervention.Kind);
                w.Int(m.Intervention.Agent);
                w.Double(m.Intervention.Factor);
                w.Int(m.Intervention.Before);
            },
            static (ref WireReader r) => new(new Intervention(r.Int(), r.Int(), r.Enumeration<InterventionKind>()) { Agent = r.Int(), Factor = r.Double(), Before = r.Int() }));
        Add<CellProtocol.Stop>("es", (_, _) => { }, static (ref WireReader _) => CellProtocol.Stop.Instance);

        // Population
        Add<PopulationProtocol.CellStarted>(
            "pb",
            (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Items(m.Baselines, static (v, b) => { v.Text(b.Name); v.Double(b.Reward); Write(v, b.Violations); }); },
            static (ref WireReader r) => new(
                r.Int(), r.Int(), r.Items(36, static (ref WireReader v) => new BaselineReward(v.Text() ?? string.Empty, v.Double(), Violations(ref v)))));
        Add<PopulationProtocol.EpisodeFinished>(
            "pv",
            (w, m) =>
            {
                w.Int(m.Cell);
                w.Int(m.Epoch);
                w.Int(m.Episode);
                w.Double(m.Reward);
                w.Double(m.Epsilon);
                Write(w, m.Violations);
                Optional(w, m.Update);
            },
            static (ref WireReader r) => Episode(ref r, withFactor: true));
        AddOlder("pu", static (ref WireReader r) => Episode(ref r, withFactor: false));
        Add<PopulationProtocol.AgentsLearned>(
            "pa",
            (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Int(m.Episode); w.Int(m.First); w.Items(m.Outputs, Write); },
            static (ref WireReader r) => new(r.Int(), r.Int(), r.Int(), r.Int(), r.Items(outputBytes, Outputs)));
        Add<PopulationProtocol.Evaluated>(
            "pw",
            (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Int(m.Episode); w.Double(m.Reward); Write(w, m.Violations); },
            static (ref WireReader r) => new(r.Int(), r.Int(), r.Int(), r.Double(), Violations(ref r)));
        Add<PopulationProtocol.Intervened>(
            "pk",
            (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Int(m.Number); w.Byte((byte)m.Kind); w.Int(m.Before); },
            static (ref WireReader r) => new(r.Int(), r.Int(), r.Int(), r.Enumeration<InterventionKind>(), r.Int()));
        Add<PopulationProtocol.CellParameters>(
            "pp",
            (w, m) => { w.Int(m.Cell); Write(w, m.Part); },
            static (ref WireReader r) => new(r.Int(), Parameters(ref r)));
        Add<PopulationProtocol.CellEnded>(
            "pd",
            (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Byte((byte)m.Status); w.Int(m.Episodes); w.Int(m.StoppingEpisode); w.Text(m.Detail); },
            static (ref WireReader r) => new(r.Int(), r.Int(), r.Enumeration<CellStatus>(), r.Int(), r.Int(), r.Text()));
        Add<PopulationProtocol.CellOpened>(
            "po",
            (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Int(m.Episode); w.Double(m.Seconds); w.Int(m.Offset); w.Int(m.Total); w.Bytes(m.History); },
            static (ref WireReader r) => new(r.Int(), r.Int(), r.Int(), r.Double(), r.Int(), r.Int(), r.Bytes()));
        Add<PopulationProtocol.CellUnopened>("pn", (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Text(m.Reason); }, static (ref WireReader r) => new(r.Int(), r.Int(), r.Text() ?? string.Empty));
        Add<PopulationProtocol.CheckpointBegun>("pc", (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Int(m.Episode); }, static (ref WireReader r) => new(r.Int(), r.Int(), r.Int()));
        Add<PopulationProtocol.CheckpointKept>(
            "pt", (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Int(m.Episode); w.Text(m.Fault); }, static (ref WireReader r) => new(r.Int(), r.Int(), r.Int(), r.Text()));
        Add<PopulationProtocol.CheckpointDamaged>("pg", (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Text(m.Reason); }, static (ref WireReader r) => new(r.Int(), r.Int(), r.Text() ?? string.Empty));
        Add<PopulationProtocol.CellFailed>(
            "pf", (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Text(m.Reason); w.Bool(m.Counts); }, static (ref WireReader r) => new(r.Int(), r.Int(), r.Text() ?? string.Empty, r.Bool()));
        Add<PopulationProtocol.CellHandedOver>("ph", (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); }, static (ref WireReader r) => new(r.Int(), r.Int()));

        // Host
        Add<HostProtocol.Start>(
            "hs",
            (w, m) => { Write(w, m.Run); w.Int(m.Cell); w.Int(m.Epoch); },
            static (ref WireReader r) => new(Run(ref r), r.Int(), r.Int()));
        Add<HostProtocol.Begin>("hb", (w, m) => w.Int(m.Interventions), static (ref WireReader r) => new(r.Int()));
        Add<HostProtocol.Told>(
            "ht",
            (w, m) => { w.Int(m.Cell); w.Int(m.Epoch); w.Long(m.Number); WriteInner(w, m.Message); },
            static (ref WireReader r) => new(r.Int(), r.Int(), r.Long(), Inner(ref r)));
        Add<HostProtocol.Heard>("hh", (w, m) => w.Long(m.Number), static (ref WireReader r) => new(r.Long()));
        Add<GroupProtocol.Enlist>(
            "ge",
            (w, m) => { Write(w, m.Run); w.Int(m.CellIndex); w.Int(m.Epoch); w.Int(m.Group); w.Int(m.First); w.Int(m.Count); },
            static (ref WireReader r) => new(Run(ref r), r.Int(), r.Int(), r.Int(), r.Int(), r.Int()));
        Add<GroupProtocol.Bundle>(
            "gb",
            (w, m) => { w.Long(m.Number); w.Long(m.Heard); w.Items(m.Items, static (v, i) => { v.Int(i.Address); WriteInner(v, i.Message); }); },
            static (ref WireReader r) => new(r.Long(), r.Long(), r.Items(9, static (ref WireReader v) => new GroupProtocol.Item(v.Int(), Inner(ref v)))));
        Add<GroupProtocol.GroupFailed>("gf", (w, m) => w.Text(m.Reason), static (ref WireReader r) => new(r.Text() ?? string.Empty));
        Add<GroupProtocol.GroupLeaves>("gl", (_, _) => { }, static (ref WireReader _) => GroupProtocol.GroupLeaves.Instance);
        Add<HostProtocol.Dismiss>("hd", (_, _) => { }, static (ref WireReader _) => HostProtocol.Dismiss.Instance);
    }

    /// <summary>A message within another one; never one that may hold a message itself, which would nest as deep as somebody likes.</summary>
    private static object Inner(ref WireReader r)
    {
        var manifest = $"{(char)r.Byte()}{(char)r.Byte()}";
        return !Holders.Contains(manifest) && ByManifest.TryGetValue(manifest, out var entry)
            ? entry.Read(ref r)
            : throw new MalformedMessageException($"no message that may be in another one has the manifest '{manifest}'");
    }

    private static void WriteInner(WireWriter w, object message)
    {
        var entry = EntryOf(message);
        if (Holders.Contains(entry.Manifest))
        {
            throw new ArgumentException($"a {message.GetType().Name} is not sent within another message", nameof(message));
        }

        w.Byte((byte)entry.Manifest[0]);
        w.Byte((byte)entry.Manifest[1]);
        entry.Write(w, message);
    }

    private static void Write(WireWriter w, RunDescription run)
    {
        w.Guid(run.Run);
        w.Text(run.Folder);
        w.Text(run.Scenario);
    }

    private static RunDescription Run(ref WireReader r) => new(r.Guid(), r.Text() ?? string.Empty, r.Text() ?? string.Empty);

    private delegate void Writer<in T>(WireWriter writer, T message);

    /// <summary>All message types that can be serialized.</summary>
    internal static IReadOnlyCollection<Type> Types => ByType.Keys;

    internal static string ManifestOf(object message) => EntryOf(message).Manifest;

    internal static byte[] Write(object message)
    {
        var writer = new WireWriter();
        EntryOf(message).Write(writer, message);
        return writer.ToArray();
    }

    internal static object Read(ReadOnlySpan<byte> bytes, string manifest)
    {
        if (!ByManifest.TryGetValue(manifest, out var entry))
        {
            throw new MalformedMessageException($"no message has the manifest '{manifest}'");
        }

        var reader = new WireReader(bytes);
        var message = entry.Read(ref reader);
        reader.End();
        return message;
    }

    private static Entry EntryOf(object message) => ByType.TryGetValue(message.GetType(), out var entry)
        ? entry
        : throw new ArgumentException($"{message.GetType()} is no message that may leave the process", nameof(message));

    private static void Add<T>(string manifest, Writer<T> write, WireReader.ItemReader<T> read)
        where T : class
    {
        var entry = new Entry(manifest, (w, m) => write(w, (T)m), (ref WireReader r) => read(ref r));
        ByType.Add(typeof(T), entry);
        ByManifest.Add(manifest, entry);
    }

    /// <summary>A message as it was written before it changed: histories of checkpoints hold such.</summary>
    private static void AddOlder<T>(string manifest, WireReader.ItemReader<T> read)
        where T : class => ByManifest.Add(manifest, new Entry(manifest, (_, _) => throw new NotSupportedException($"'{manifest}' is only read"), (ref WireReader r) => read(ref r)));

    private static void Write(WireWriter w, ClientAction action)
    {
        w.Single(action.Offload);
        w.Single(action.Cpu);
        w.Single(action.Power);
    }

    private static ClientAction Action(ref WireReader r) => new(r.Single(), r.Single(), r.Single());

    private static void Write(WireWriter w, AgentReport report)
    {
        w.Byte((byte)report.State);
        w.Double(report.GradientNorm);
        w.Doubles(report.LayerNorms);
        w.Bool(report.Clipped);
        w.Bool(report.Frozen);
        w.Bool(report.Finite);
        Write(w, report.Activations);
        Write(w, report.Outcomes);
        Write(w, report.Outputs);
    }

    private static AgentReport Report(ref WireReader r) =>
        new(r.Enumeration<AgentState>(), r.Double(), r.Doubles(), r.Bool(), r.Bool(), r.Bool(), Activations(ref r), Outcomes(ref r), Outputs(ref r));

    private static void Write(WireWriter w, ActivationSummary summary)
    {
        w.Int(summary.Outputs);
        w.Double(summary.SaturationRatio);
        w.Double(summary.Slope);
        w.Double(summary.PreActivationMean);
        w.Double(summary.PreActivationDeviation);
        w.Double(summary.PreActivationMin);
        w.Double(summary.PreActivationMax);
        w.Double(summary.ActionMean);
        w.Double(summary.ActionMin);
        w.Double(summary.ActionMax);
    }

    private static ActivationSummary Activations(ref WireReader r) =>
        new(r.Int(), r.Double(), r.Double(), r.Double(), r.Double(), r.Double(), r.Double(), r.Double(), r.Double(), r.Double());

    private static void Write(WireWriter w, AgentOutcomes outcomes)
    {
        w.Int(outcomes.ReferenceStop);
        w.Int(outcomes.SaturationOnset);
        w.Int(outcomes.GradientDeath);
        w.Int(outcomes.Freeze);
    }

    private static AgentOutcomes Outcomes(ref WireReader r) => new(r.Int(), r.Int(), r.Int(), r.Int());

    private static void Write(WireWriter w, Violations violations)
    {
        w.Double(violations.Server);
        w.Double(violations.Deadline);
        w.Double(violations.Energy);
    }

    private static Violations Violations(ref WireReader r) => new(r.Double(), r.Double(), r.Double());

    private static void Write(WireWriter w, GradientReport report)
    {
        w.Double(report.Loss);
        w.Double(report.GradientNorm);
        w.Doubles(report.LayerNorms);
        w.Int(report.Clipped);
    }

    private static GradientReport Gradients(ref WireReader r) => new(r.Double(), r.Double(), r.Doubles(), r.Int());

    private static void Write(WireWriter w, AgentSample sample)
    {
        w.Byte((byte)sample.State);
        w.Single(sample.SaturationRatio);
        w.Single(sample.Slope);
        w.Single(sample.GradientNorm);
        w.Bool(sample.Frozen);
        Write(w, sample.Outcomes);
    }

    private static AgentSample Sample(ref WireReader r) =>
        new(r.Enumeration<AgentState>(), r.Single(), r.Single(), r.Single(), r.Bool(), Outcomes(ref r));

    private static void Optional(WireWriter w, UpdateReport? update)
    {
        w.Bool(update is not null);
        if (update is not null)
        {
            Write(w, update.Critic);
            w.Double(update.MeanError);
            w.Bool(update.Actors is not null);
            if (update is { Actors: { } actors, Activations: { } activations })
            {
                Write(w, actors);
                Write(w, activations);
                w.Items(update.Agents, Write);
                w.Bool(update.Outputs is not null);
                if (update.Outputs is { } outputs)
                {
                    Write(w, outputs);
                }

                w.Bool(update.ActorRateFactor is not null);
                if (update.ActorRateFactor is { } factor)
                {
                    w.Double(factor);
                }
            }
        }
    }

    private static void Write(WireWriter w, OutputDiagnostics outputs)
    {
        w.Double(outputs.ActionGradient);
        w.Double(outputs.PreActivationGradient);
        w.Double(outputs.ParameterGradient);
        w.Double(outputs.DormantUnits);
        Span<float> numbers = stackalloc float[3 * Protocol.ActionOutputs.Width];
        outputs.CopyTo(numbers);
        foreach (var number in numbers)
        {
            w.Single(number);
        }
    }

    private static OutputDiagnostics Outputs(ref WireReader r) =>
        new(r.Double(), r.Double(), r.Double(), r.Double(), ActionOutputs(ref r), ActionOutputs(ref r), ActionOutputs(ref r));

    private static ActionOutputs ActionOutputs(ref WireReader r)
    {
        Span<float> numbers = stackalloc float[Protocol.ActionOutputs.Width];
        foreach (ref var number in numbers)
        {
            number = r.Single();
        }

        return Protocol.ActionOutputs.From(numbers);
    }

    private static PopulationProtocol.EpisodeFinished Episode(ref WireReader r, bool withFactor) =>
        new(r.Int(), r.Int(), r.Int(), r.Double(), r.Double(), Violations(ref r), OptionalUpdate(ref r, withFactor));

    private static UpdateReport? OptionalUpdate(ref WireReader r, bool withFactor)
    {
        const int sampleBytes = 30;
        if (!r.Bool())
        {
            return null;
        }

        var (critic, error) = (Gradients(ref r), r.Double());
        return r.Bool()
            ? new(critic, Gradients(ref r), Activations(ref r), error, r.Items(sampleBytes, Sample))
            {
                Outputs = r.Bool() ? Outputs(ref r) : null,
                ActorRateFactor = withFactor && r.Bool() ? r.Double() : null,
            }
            : new(critic, null, null, error, []);
    }

    private static void Write(WireWriter w, CellProtocol.Parameters part)
    {
        w.Turn(part.Turn);
        w.Int(part.Owner);
        w.Int(part.Offset);
        w.Int(part.Total);
        w.Payload(part.Values);
    }

    private static CellProtocol.Parameters Parameters(ref WireReader r) => new(r.Turn(), r.Int(), r.Int(), r.Int(), r.Payload());

    private sealed record Entry(string Manifest, Action<WireWriter, object> Write, WireReader.ItemReader<object> Read);
}
