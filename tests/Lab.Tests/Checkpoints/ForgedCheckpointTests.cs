using System.Text.Json.Nodes;

namespace Simulator.Lab.Tests;

/// <summary>Checkpoints whose hashes are right and whose content is not: the older one is taken, and nothing outside the folder is read.</summary>
public sealed class ForgedCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The folder of the one that writes.</summary>
    private string Own => _folder["checkpoint/epoch-1"];

    [Theory]
    [InlineData("../beside.safetensors")]
    [InlineData("sub/../../beside.safetensors")]
    [InlineData("ABSOLUTE")]
    [InlineData("..")]
    [InlineData("")]
    public void A_file_outside_the_folder_is_refused_though_its_hash_is_right(string name)
    {
        var outside = _folder["beside.safetensors"];
        AssertRefused(inner =>
        {
            File.Copy(Path.Combine(Own, "state-00000002.safetensors"), outside);
            inner["state"]!["name"] = name == "ABSOLUTE" ? outside : name;
        });
    }

    [Theory]
    [InlineData("episode", "-1")]
    [InlineData("seconds", "1e300")]
    [InlineData("seconds", "-1")]
    [InlineData("format", "0")]
    [InlineData("state", "null")]
    [InlineData("ended", "true")]
    [InlineData("replay", "[null]")]
    [InlineData("replay", "null")]
    [InlineData("history", "{\"name\": \"history.log\", \"bytes\": -1, \"sha256\": \"\"}")]
    public void Impossible_values_are_refused(string key, string json) => AssertRefused(inner => inner[key] = JsonNode.Parse(json));

    [Fact]
    public void Replay_files_that_do_not_follow_each_other_are_refused()
    {
        AssertRefused(inner => inner["replay"]!.AsArray().Add(inner["replay"]![0]!.DeepClone()));
        AssertRefused(inner => inner["replay"]![0]!["end"] = 1_000_000);
    }

    [Theory]
    [InlineData("critic.steps")]
    [InlineData("replay.added")]
    [InlineData("replay.beta")]
    [InlineData("clients.lengths")]
    [InlineData("policies.steps")]
    [InlineData("policies")]
    public void A_tensor_without_elements_is_refused(string name) => AssertRefused(inner => Rewrite(inner["state"]!, tensors => tensors[name]!["shape"] = new JsonArray(0)));

    [Theory]
    [InlineData("first", "[0]")]
    [InlineData("selected", "[8]")]
    [InlineData("selected", "[0, 8]")]
    [InlineData("selected", "[8, 1]")]
    public void A_replay_file_of_another_shape_is_refused(string name, string shape) =>
        AssertRefused(inner => Rewrite(inner["replay"]!.AsArray()[^1]!["file"]!, tensors => tensors[name]!["shape"] = JsonNode.Parse(shape)));

    /// <summary>Changes the newer of two checkpoints; the older one must be read.</summary>
    private void AssertRefused(Action<JsonObject> change)
    {
        var path = _folder["checkpoint"];
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        var replay = new Master.PrioritizedReplay(CellSample.Capacity, CellSample.Clients);
        var folder = new CheckpointFolder(path, "cell", 0, 1, Array.MaxLength);
        for (var episode = 1; episode <= 2; episode++)
        {
            CellSample.AddEpisode(replay, episode);
            folder.Write(CellSample.Checkpoint(replay, folder.ReplayFrom, episode), [(byte)episode], episode, episode);
        }

        var manifest = Path.Combine(Own, "checkpoint-00000002.json");
        var inner = JsonNode.Parse(File.ReadAllBytes(manifest))!["checkpoint"]!.AsObject();
        change(inner);
        File.WriteAllBytes(manifest, Forgery.Manifest(inner));
        var reports = new List<string>();
        Assert.Equal(1, new CheckpointFolder(path, "cell", 0, 2, Array.MaxLength).Read((_, why) => reports.Add(why))!.Manifest.Episode);
        Assert.DoesNotContain("hash is another one", Assert.Single(reports), StringComparison.Ordinal);
    }

    /// <summary>Changes the header of a file, empties its data where it must, and names its new length and hash.</summary>
    private void Rewrite(JsonNode named, Action<JsonObject> change)
    {
        var path = Path.Combine(Own, named["name"]!.GetValue<string>());
        var bytes = Forgery.WithHeader(File.ReadAllBytes(path), change);
        File.WriteAllBytes(path, bytes);
        (named["bytes"], named["sha256"]) = (bytes.Length, CheckpointManifest.HashOf(bytes));
    }
}
