using System.CommandLine;

namespace Simulator;

/// <summary>The options of <c>simulator node</c>.</summary>
internal static class NodeCommandLine
{
    internal static Command Node(TextWriter output, TextWriter error)
    {
        var seeds = new Option<string?>("--seed-nodes")
        {
            Description = "Nodes to ask for admission, the same list on every node; the first of them begins the cluster, also where it is this node itself. Three or more, so that one may be away. Variable SIMULATOR_SEED_NODES.",
            HelpName = "HOST:PORT[,HOST:PORT...]",
        };
        var roles = new Option<string?>("--roles")
        {
            Description = "What the node does: cell (has cells with their masters), client (has clients of cells that are spread over nodes). cell,client by default. Variable SIMULATOR_ROLES.",
            HelpName = "ROLE[,ROLE...]",
        };
        var hostname = new Option<string?>("--hostname")
        {
            Description = "Name or address by which the other nodes reach this one, in the words of the list of seed nodes; 127.0.0.1 by default, for nodes on one machine. Variables SIMULATOR_HOSTNAME, and SIMULATOR_BIND_HOSTNAME where it is bound to another one.",
            HelpName = "HOST",
        };
        var port = new Option<int?>("--port")
        {
            Description = "TCP port for the other nodes, 0 for any that is free; 2552 by default. Variable SIMULATOR_PORT.",
            HelpName = "PORT",
            CustomParser = r => CommandLine.Whole(r, 0, ushort.MaxValue),
        };
        var config = new Option<string?>("--config")
        {
            Description = "File with settings in HOCON that differ from those of cluster.hocon, which lies beside the program and explains each. Variable SIMULATOR_CONFIG.",
            HelpName = "FILE",
        };
        var runs = new Option<string?>("--runs") { Description = "Folder that runs are in, shared by all nodes where checkpoints are kept in folders; runs by default. Variable SIMULATOR_RUNS.", HelpName = "DIR" };
        var device = CommandLine.Device();
        var threads = new Option<int?>("--threads")
        {
            Description = "Threads that the node's cells share on a processor, one for each processor by default; what scenarios say of it (compute.*) is for runs without a cluster.",
            HelpName = "N",
            CustomParser = r => CommandLine.Whole(r, 1, 4096),
        };
        var listen = CommandLine.Listen("Where the node tells how it is: metrics for Prometheus (/metrics), health (/health/live, /health/ready).");
        var silent = CommandLine.Silent();
        var bound = new Option<bool>("--leave-at-end-of-input") { Description = "Leaves when the standard input ends: how nodes that a run has started end with it.", Hidden = true };
        var command = new Command("node", "Joins a cluster of nodes and works for it, until Ctrl-C or SIGTERM: then it hands over what it has, and leaves.")
        {
            seeds, roles, hostname, port, config, runs, device, threads, listen, silent, bound,
        };
        command.Validators.Add(r =>
        {
            if (r.GetValue(silent) && r.GetResult(listen) is not null)
            {
                r.AddError("--no-listen contradicts --listen");
            }
        });
        command.SetAction((parsed, _) => NodeCommand.ExecuteAsync(
            new NodeArguments
            {
                SeedNodes = parsed.GetValue(seeds),
                Roles = parsed.GetValue(roles),
                Hostname = parsed.GetValue(hostname),
                Port = parsed.GetValue(port),
                ConfigFile = parsed.GetValue(config),
                Runs = parsed.GetValue(runs),
                Device = parsed.GetRequiredValue(device),
                Threads = parsed.GetValue(threads),
            },
            parsed.GetValue(silent) ? null : parsed.GetValue(listen) ?? ListenAddress.Default,
            parsed.GetValue(bound),
            output,
            error));
        return command;
    }
}
