using Akka.Actor;
using Simulator.Compute;
using Simulator.Environment;

namespace Simulator.Cells;

/// <summary>The networks of a cell on its device: what is asked for, and where they are when the device has answered.</summary>
/// <param name="options">The cell's options.</param>
/// <param name="sharedCritic">Reservation of the critic that the cell shares with others; null where it has its own.</param>
internal sealed class CellReservation(CellOptions options, int? sharedCritic)
{
    private PolicySlot? _policies;
    private int? _ownCritic;

    /// <summary>Asks the device for the policies, and for a critic where the cell has its own.</summary>
    internal void Ask(IActorRef device)
    {
        var norm = CellMembers.MaxGradientNormOf(options);
        var regularisation = CellMembers.RegularisationOf(options);
        var tau = CellMembers.TauOf(options);
        device.Tell(new DeviceProtocol.ReservePolicies(
            CellMembers.PolicyOf(options), CellMembers.PoliciesOf(options), options.Learning.ActorRate, norm, tau, regularisation, CellMembers.PolicyRecyclingOf(options)));
        if (sharedCritic is null)
        {
            device.Tell(new DeviceProtocol.ReserveCritic(
                CellMembers.CriticOf(options), options.Clients, Observation.Width, options.Learning.CriticRate, norm, tau, regularisation, CellMembers.CriticRecyclingOf(options)));
        }
    }

    /// <summary>Takes in where the policies are.</summary>
    /// <returns>All places, where they are known by now.</returns>
    internal (PolicySlot Policies, int Critic)? Add(DeviceProtocol.PoliciesReserved message)
    {
        _policies = new PolicySlot(message.Reservation, message.First);
        return Places;
    }

    /// <summary>Takes in where the critic is.</summary>
    /// <returns>All places, where they are known by now.</returns>
    internal (PolicySlot Policies, int Critic)? Add(DeviceProtocol.CriticReserved message)
    {
        _ownCritic = message.Reservation;
        return Places;
    }

    private (PolicySlot Policies, int Critic)? Places => _policies is { } policies && (_ownCritic ?? sharedCritic) is { } critic ? (policies, critic) : null;
}
