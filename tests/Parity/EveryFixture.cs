using Simulator.Compute;

namespace Simulator.Parity;

/// <summary>Replays every fixture, whatever its kind: one case per file, so that new files of a known kind need no code.</summary>
public sealed class EveryFixture
{
    /// <summary>What must hold for a file of each kind (tests/fixtures/README.md).</summary>
    private static readonly Dictionary<string, Action<SafetensorsFile, ComputeDevice>> Checks = new(StringComparer.Ordinal)
    {
        ["environment"] = (fixture, _) => EnvironmentParity.Check(fixture),
        ["prioritized_replay"] = (fixture, _) => ReplayParity.Check(fixture),
        ["selection"] = SelectionParity.Check,
        ["train_step"] = TrainStepParity.Check,
        ["actor_variant"] = ActorVariantParity.Check,
    };

    public static TheoryData<string> Files() => [.. FixtureCatalog.Files()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Does_what_the_original_did(string file) => Check(file, ComputeDevice.Cpu);

    [Theory]
    [MemberData(nameof(Files))]
    public void Does_what_the_original_did_on_libtorch_s_operations(string file) => Check(file, ComputeDevice.Reference);

    [Fact]
    public void There_are_fixtures_to_replay() =>
        Assert.True(FixtureCatalog.Files().Length > 0, $"No fixture in {FixtureCatalog.Folder} ({FixtureCatalog.Variable} names another folder).");

    private static void Check(string file, ComputeDevice device)
    {
        var fixture = FixtureCatalog.Read(file);
        var kind = fixture.Required("kind");
        Assert.True(Checks.TryGetValue(kind, out var check), $"{file} is of the unknown kind '{kind}'.");
        check!(fixture, device);
    }
}
