using System.Text.Json;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Lab.Tests;

/// <summary>
/// Whatever becomes of a checkpoint's files, reading them gives what was written, or says that it is damaged: nothing else happens, nothing outside the folder is read or written, and no
/// more memory is taken than the files are large, and a little.
/// </summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    private const string Scenario = """
        episodes: 1000
        clients: 3
        environment: { steps: 2, channels: 2 }
        learning: { batch: 4, replay: 16 }
        checkpoint: { seconds: 0.001 }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointFolder _reader;
    private SortedDictionary<string, byte[]> _stored = new(StringComparer.Ordinal);

    public CheckpointFuzzTests()
    {
        _reader = new CheckpointFolder(_folder["checkpoint"], Plan.Cells[0].Name, 0, 1, Array.MaxLength);
        _reader.Read((_, _) => { }); // It takes the folder before there is anything in it.
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Three_hundred_damaged_checkpoints_are_what_was_written_or_damage() => ReadDamagedAsync(Made(), 300, 1);

    [SlowFact]
    public Task Ten_thousand_damaged_checkpoints_are_what_was_written_or_damage() => ReadDamagedAsync(Made(), 10_000, 2);

    [Fact]
    public async Task Damaged_checkpoints_of_a_run_are_what_was_written_or_damage() => await ReadDamagedAsync(await WrittenAsync(), 100, 5);


    [Fact]
    public Task Three_hundred_forged_checkpoints_are_read_or_damage() => ReadForgedAsync(Made(), 300, 3);

    [SlowFact]
    public Task Ten_thousand_forged_checkpoints_are_read_or_damage() => ReadForgedAsync(Made(), 10_000, 4);

    [Fact]
    public async Task Forged_checkpoints_of_a_run_are_read_or_damage() => await ReadForgedAsync(await WrittenAsync(), 100, 6);


    /// <summary>Bytes changed, and files swapped, cut, removed and renamed.</summary>
    private async Task ReadDamagedAsync(SortedDictionary<string, byte[]> written, int cases, int seed)
    {
        var known = Enumerable.Range(0, 2).Select(i => Read(Stored(i == 0 ? written : WithoutNewest(written)))!).ToDictionary(c => c.Manifest.Episode, Print);
        Assert.Equal(2, known.Count);
        var random = new Random(seed);
        var found = new int[3];
        await Fuzzing.Run(cases, _ =>
        {
            var files = new SortedDictionary<string, byte[]>(written, StringComparer.Ordinal);
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                Damage(random, files);
            }

            var cell = Read(Stored(files));
            Assert.True(cell is null || Print(cell) == known[cell.Manifest.Episode], "A checkpoint was read that nobody wrote.");
            found[cell is null ? 0 : cell.Manifest.Episode == known.Keys.Max() ? 1 : 2]++;
        });
        Assert.All(found, count => Assert.True(count > 0, $"{string.Join(", ", found)} were lost, whole, and older."));
    }

    /// <summary>Manifests, tensors and histories changed by somebody who computes the hashes anew.</summary>
    private async Task ReadForgedAsync(SortedDictionary<string, byte[]> written, int cases, int seed)
    {
        var random = new Random(seed);
        var read = 0;
        await Fuzzing.Run(cases, _ =>
        {
            var cell = Read(Stored(Forgery.Of(random, written)));
            if (cell is null)
            {
                return;
            }

            // What could be read can be written again, and is then what it was.
            read++;
            using var state = new MemoryStream();
            if (cell.Cell is { Clients.Length: > 0 } checkpoint)
            {
                CheckpointTensors.WriteState(state, checkpoint);
                checkpoint.Master.Replay.ToList().ForEach(segment => CheckpointTensors.WriteReplay(new MemoryStream(), segment));
            }

            try
            {
                HistoryLog.Replay(cell.History, new CellHistory(Plan.Cells[0]));
            }
            catch (InvalidDataException)
            {
                return;
            }
        });
        Assert.True(read > cases / 50, $"{read} read.");
    }

    private static ScenarioPlan Plan { get; } = ScenarioReader.Parse("tiny.yaml", Scenario).Plan!;

    /// <summary>The files of two checkpoints, always the same: of a cell with networks of a few numbers, and with what a cell really tells.</summary>
    private SortedDictionary<string, byte[]> Made()
    {
        var replay = new PrioritizedReplay(CellSample.Capacity, CellSample.Clients);
        var folder = new CheckpointFolder(_folder["made"], Plan.Cells[0].Name, 0, 1, Array.MaxLength);
        var log = new HistoryLog();
        log.AddMessage(new PopulationProtocol.CellStarted(0, 1, [new BaselineReward("all local", -1, default)]));
        for (var episode = 1; episode <= 6; episode++)
        {
            CellSample.AddEpisode(replay, episode);
            log.Add(new PopulationProtocol.EpisodeFinished(0, 1, episode, -1.5 * episode, 0.5, default, null));
            log.AddMessage(new PopulationProtocol.Evaluated(0, 1, episode, -episode, default));
            folder.Write(CellSample.Checkpoint(replay, folder.ReplayFrom, episode), log.Take(), episode, episode);
        }

        var files = Files(_folder["made/epoch-1"]);
        Directory.Delete(_folder["made"], recursive: true);
        return files;
    }

    private static SortedDictionary<string, byte[]> Files(string folder) =>
        new(Directory.GetFiles(folder).ToDictionary(f => Path.GetFileName(f), File.ReadAllBytes), StringComparer.Ordinal);

    /// <summary>The files of the two checkpoints that a run left where it was interrupted.</summary>
    private async Task<SortedDictionary<string, byte[]>> WrittenAsync()
    {
        using var interrupt = new CancellationTokenSource();
        var run = PopulationRun.Prepare(Plan, ComputeDevice.Cpu, _folder["run"], TimeProvider.System);
        var going = run.ExecuteAsync(interrupt.Token);
        var checkpoint = Path.Combine(_folder["run"], CellStore.FolderOf(Plan.Cells[0].Name));
        while (!going.IsCompleted && !(Directory.Exists(checkpoint) && Directory.GetFiles(checkpoint, "checkpoint-*.json", SearchOption.AllDirectories).Length > 1))
        {
            await Task.Yield();
        }

        await interrupt.CancelAsync();
        Assert.Equal(RunStatus.Interrupted, await going);
        return Files(Assert.Single(Directory.GetDirectories(checkpoint)));
    }

    private static SortedDictionary<string, byte[]> WithoutNewest(SortedDictionary<string, byte[]> files)
    {
        var older = new SortedDictionary<string, byte[]>(files, StringComparer.Ordinal);
        older.Remove(files.Keys.Last(f => f.EndsWith(".json", StringComparison.Ordinal)));
        return older;
    }

    /// <summary>Makes files those of a checkpoint's folder; what is there already is not written again.</summary>
    private string Stored(SortedDictionary<string, byte[]> files)
    {
        var path = _folder["checkpoint/epoch-1"];
        foreach (var name in _stored.Keys.Except(files.Keys, StringComparer.Ordinal))
        {
            File.Delete(Path.Combine(path, name));
        }

        foreach (var (name, bytes) in files.Where(f => _stored.GetValueOrDefault(f.Key) != f.Value))
        {
            File.WriteAllBytes(Path.Combine(path, name), bytes);
        }

        _stored = files;
        return path;
    }

    /// <summary>Reads a checkpoint, within bounds.</summary>
    private StoredCell? Read(string path)
    {
        var before = Listing(_folder.Path);
        var bytes = Directory.GetFiles(path).Sum(f => new FileInfo(f).Length);
        StoredCell? cell = null;
        var allocated = Fuzzing.Allocated(() =>
        {
            try
            {
                cell = _reader.Read((_, _) => { });
                _reader.ReadHistory();
            }
            catch (CheckpointVersionException)
            {
                cell = null;
            }
        });
        Assert.True(allocated <= Fuzzing.MostBytes + (16 * bytes), $"{bytes} bytes took {allocated} bytes of memory.");
        Assert.Equal(before, Listing(_folder.Path));
        return cell;
    }

    private static string Listing(string folder) =>
        string.Join('\n', Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {new FileInfo(f).Length}"));

    /// <summary>All of a checkpoint as text.</summary>
    private static string Print(StoredCell cell)
    {
        var all = new MemoryStream();
        all.Write(cell.History);
        CheckpointTensors.WriteState(all, cell.Cell!);
        foreach (var segment in cell.Cell!.Master.Replay)
        {
            CheckpointTensors.WriteReplay(all, segment);
        }

        return CheckpointManifest.HashOf(all.ToArray()) + JsonSerializer.Serialize(cell.Manifest);
    }

    private static void Damage(Random random, SortedDictionary<string, byte[]> files)
    {
        if (files.Count == 0)
        {
            return;
        }

        var (name, other) = (files.Keys.ElementAt(random.Next(files.Count)), files.Keys.ElementAt(random.Next(files.Count)));
        switch (random.Next(8))
        {
            case 0:
                (files[name], files[other]) = (files[other], files[name]);
                break;
            case 1:
                files.Remove(name);
                break;
            case 2:
                files[name] = files[name][..random.Next(files[name].Length + 1)];
                break;
            case 3:
                files[$"checkpoint-{random.Next(100_000_000):D8}.json"] = files[name];
                break;
            case 4:
                files[other] = files[name];
                break;
            default:
                files[name] = Mutations.Of(random, files[name]);
                break;
        }
    }
}
