namespace Simulator.Protocol;

/// <summary>
/// The messages between a cell and the groups that its clients are divided into where they are on other nodes (<c>placement: spread</c>). What cell, master and clients say to each other stays as it is: the post of a group, on the cell's node, and the group itself,
/// on the clients', carry it, several messages as one.
/// </summary>
public static class GroupProtocol
{
    /// <summary>Address of the cell in <see cref="Item"/>; a client's is its index.</summary>
    public const int Cell = -1;

    /// <summary>Address of the master in <see cref="Item"/>.</summary>
    public const int Master = -2;

    /// <summary>Most bytes of items that go into one bundle, so that it stays under 64 KiB; an item with more goes alone.</summary>
    public const int MaximumBundle = 50 * 1024;

    /// <summary>From a post, to wherever the group belongs: take these clients. Answered by bundles, of which the first say that the clients are ready.</summary>
    /// <param name="Run">The run.</param>
    /// <param name="CellIndex">Index of the cell.</param>
    /// <param name="Epoch">The cell's epoch.</param>
    /// <param name="Group">Number of the group in the cell.</param>
    /// <param name="First">The first client.</param>
    /// <param name="Count">Clients of the group.</param>
    public sealed record Enlist(RunDescription Run, int CellIndex, int Epoch, int Group, int First, int Count);

    /// <summary>Messages, in order, from the one side to the other, which deals with each bundle once and in order: one that is not heard is told again.</summary>
    /// <param name="Number">Number of the bundle, from 1; 0 where it only says what was heard.</param>
    /// <param name="Heard">Number up to which all bundles of the other side were heard.</param>
    /// <param name="Items">The messages.</param>
    public sealed record Bundle(long Number, long Heard, Item[] Items);

    /// <summary>From a group, which ends: one of its clients failed.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record GroupFailed(string Reason);

    /// <summary>From a group: its node takes part no more, or another one has room. The cell hands over, with all its clients.</summary>
    public sealed record GroupLeaves
    {
        /// <summary>The one instance.</summary>
        public static GroupLeaves Instance { get; } = new();
    }

    /// <summary>A message of a bundle.</summary>
    /// <param name="Address">Whom it is for: a client's index, <see cref="Cell"/> or <see cref="Master"/>.</param>
    /// <param name="Message">The message.</param>
    public readonly record struct Item(int Address, object Message)
    {
        /// <summary>About how many bytes it takes, from above.</summary>
        public int Bytes => 64 + Message switch
        {
            ClientProtocol.ObservationBatch m => sizeof(float) * (m.States.Length + m.NextStates.Length),
            ClientProtocol.ActionGradient m => sizeof(float) * m.Gradient.Length,
            ClientProtocol.Observe m => sizeof(float) * (m.Observation.Length + m.Statistics.Length),
            ClientProtocol.Restore m => m.Values.Length,
            MasterProtocol.ActionBatch m => sizeof(float) * (m.Actions.Length + m.NextActions.Length),
            MasterProtocol.PolicyUpdated m => 512 + (sizeof(float) * m.ActionsAfter.Length),
            CellProtocol.ClientState m => m.Values.Length,
            CellProtocol.Parameters m => sizeof(float) * m.Values.Length,
            _ => 64,
        };
    }
}
