using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Simulator;

/// <summary>The commands and their options.</summary>
internal static class CommandLine
{
    private const string Quickstart = "experiments/quickstart.yaml";

    /// <summary>Parses and runs a command line; without arguments the quickstart.</summary>
    /// <returns>The exit status.</returns>
    internal static async Task<int> InvokeAsync(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand(
            "Simulates and trains populations of clients that offload tasks to an edge server (CCM-MADRL), each client and each master an actor. "
            + $"Without a command it runs {Quickstart}, a first example. Exit status: 0 done, 1 failed, 2 wrong usage or scenario, 130 interrupted.");
        root.Subcommands.Add(Run(output, error));
        root.Subcommands.Add(EvaluateCommand.Command(output, error));
        root.Subcommands.Add(ReportCommandLine.Report(output, error));
        root.Subcommands.Add(NodeCommandLine.Node(output, error));
        root.Subcommands.Add(BenchCommandLine.Bench(output, error));
        if (args.Length == 0)
        {
            await output.WriteLineAsync($"No command is given, so this is simulator run {Quickstart}; simulator --help lists what else there is.").ConfigureAwait(false);
        }

        var parsed = root.Parse(args.Length == 0 ? ["run"] : args);
        var misspelt = Misspelling.In(parsed);
        if (parsed.Errors.Count > 0 || misspelt.Count > 0)
        {
            // What is not understood is the fault; that a command is missing only follows from it.
            foreach (var fault in misspelt.Count > 0 ? misspelt : parsed.Errors.Select(Misspelling.Words))
            {
                await error.WriteLineAsync($"simulator: {fault}").ConfigureAwait(false);
            }

            await error.WriteLineAsync($"simulator: 'simulator {(parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ")}--help' lists what is allowed").ConfigureAwait(false);
            return ExitStatus.WrongUsage;
        }

        // Signals are handled by the command itself, which writes what is there before it ends.
        var configuration = new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        return await parsed.InvokeAsync(configuration).ConfigureAwait(false);
    }

    private static Command Run(TextWriter output, TextWriter error)
    {
        var scenario = new Argument<string?>("SCENARIO") { Description = $"Scenario file, YAML with the keys of docs/scenario.md; {Quickstart} by default.", HelpName = "SCENARIO", Arity = ArgumentArity.ZeroOrOne };
        var sets = new Option<string[]>("--set")
        {
            Description = "Sets a key of the scenario, whatever the file says: learning.actor_rate=0.001 for instance. Can be given again for other keys.",
            HelpName = "KEY=VALUE",
            DefaultValueFactory = _ => [],
        };
        var seed = new Option<ulong?>("--seed") { Description = "Seed instead of the scenario's: each configuration's cells have the seeds N, N + 1, and so on.", HelpName = "N", CustomParser = r => Whole<ulong>(r, ulong.MinValue, ulong.MaxValue) };
        var episodes = new Option<int?>("--episodes") { Description = "Training episodes of each cell, instead of the scenario's.", HelpName = "N", CustomParser = r => Whole(r, 1, int.MaxValue) };
        var folder = new Option<string?>("--output") { Description = "Folder for the results, empty or not there; runs/<scenario>-<time> by default.", HelpName = "DIR" };
        var resume = new Option<bool>("--resume")
        {
            Description = "Continues the run in the folder that --output names, which was killed or interrupted, to the results that it would have had undisturbed. SCENARIO can be left out.",
        };
        var device = Device();
        var quiet = new Option<bool>("--quiet") { Description = "Shows no progress, only the closing summary." };
        var listen = Listen("Where the run can be watched: a page, metrics for Prometheus (/metrics), health, data.");
        var silent = Silent();
        var stay = new Option<bool>("--stay") { Description = "Can be watched after the run has ended, too, until Ctrl-C." };
        var join = new Option<NodeAddress?>("--join")
        {
            Description = "Has the cells run on the nodes of the cluster that this node is one of (simulator node); the results are written here.",
            HelpName = "HOST:PORT",
            CustomParser = Node,
        };
        var local = new Option<int?>("--local-nodes")
        {
            Description = "Starts so many nodes on this machine, has the cells run on them, and ends them with the run: the way to see a cluster.",
            HelpName = "N",
            CustomParser = r => Whole(r, 1, 64),
        };
        var command = new Command("run", "Runs the cells of a scenario, and writes their results.") { scenario, sets, seed, episodes, folder, resume, device, join, local, listen, silent, stay, quiet };
        command.Validators.Add(r =>
        {
            if (r.GetResult(join) is not null && r.GetResult(local) is not null)
            {
                r.AddError("--join contradicts --local-nodes");
            }

            if (r.GetResult(join) is not null && r.GetResult(device) is { Implicit: false })
            {
                r.AddError("--join contradicts --device: the nodes of the cluster have theirs");
            }

            if (r.GetValue(silent) && (r.GetResult(listen) is not null || r.GetValue(stay)))
            {
                r.AddError($"--no-listen contradicts {(r.GetValue(stay) ? "--stay" : "--listen")}");
            }
        });
        command.SetAction((parsed, _) => RunCommand.ExecuteAsync(
            new RunArguments(
                parsed.GetValue(scenario) ?? (parsed.GetValue(resume) ? null : FindQuickstart()),
                parsed.GetRequiredValue(sets),
                parsed.GetValue(seed),
                parsed.GetValue(episodes),
                parsed.GetValue(folder),
                parsed.GetRequiredValue(device),
                parsed.GetValue(quiet),
                parsed.GetValue(resume),
                parsed.GetValue(silent) ? null : parsed.GetValue(listen) ?? ListenAddress.Default,
                parsed.GetValue(stay))
            {
                Join = parsed.GetValue(join),
                LocalNodes = parsed.GetValue(local) ?? 0,
            },
            output,
            error));
        return command;
    }

    /// <summary>The option of commands that can be watched.</summary>
    internal static Option<ListenAddress?> Listen(string what) => new("--listen")
    {
        Description = $"{what} 127.0.0.1:9464 or the next free port by default; port 0 is any free one.",
        HelpName = "ADDR:PORT",
        CustomParser = Address,
    };

    /// <summary>The option of commands that can be watched and shall not be.</summary>
    internal static Option<bool> Silent() => new("--no-listen") { Description = "Listens nowhere." };

    /// <summary>The option of commands that compute.</summary>
    internal static Option<string> Device() => new("--device") { Description = "Where to compute: auto (CUDA where it is there, else the processor), cpu, cuda or cuda:N.", HelpName = "DEVICE", DefaultValueFactory = _ => "auto" };

    /// <summary>The quickstart of the working folder, or else the one that was published with the program.</summary>
    private static string FindQuickstart()
    {
        var published = Path.Combine(AppContext.BaseDirectory, Quickstart);
        return !File.Exists(Quickstart) && File.Exists(published) ? published : Quickstart;
    }

    private static ListenAddress? Address(ArgumentResult result)
    {
        if (ListenAddress.TryParse(result.Tokens[0].Value, out var address))
        {
            return address;
        }

        result.AddError($"--listen '{result.Tokens[0].Value}': an IP address or localhost, and a port, are allowed: 127.0.0.1:9464, [::1]:9464, 0.0.0.0:80");
        return null;
    }

    private static NodeAddress? Node(ArgumentResult result)
    {
        if (NodeAddress.TryParse(result.Tokens[0].Value, out var address))
        {
            return address;
        }

        result.AddError($"--join '{result.Tokens[0].Value}': {NodeAddress.Allowed}");
        return null;
    }

    /// <summary>Reads a whole number of an option.</summary>
    internal static T? Whole<T>(ArgumentResult result, T smallest, T largest)
        where T : struct, System.Numerics.IBinaryInteger<T>
    {
        var text = result.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= smallest && value <= largest)
        {
            return value;
        }

        result.AddError($"{((OptionResult)result.Parent!).Option.Name} '{text}': a whole number from {smallest} to {largest} is allowed");
        return null;
    }
}
