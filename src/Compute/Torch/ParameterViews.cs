using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>The parameter tensors of a range of slots, as views on one [slots, parameters] tensor: matrices [slots, out, in], vectors [slots, 1, length].</summary>
internal sealed class ParameterViews
{
    private readonly ParameterLayout _layout;

    internal ParameterViews(ParameterLayout layout, Tensor all)
    {
        _layout = layout;
        All = all;
    }

    /// <summary>All parameters, [slots, parameters].</summary>
    internal Tensor All { get; }

    internal int Count => (int)All.shape[0];

    internal Tensor this[string name]
    {
        get
        {
            var tensor = _layout[name];
            var flat = All.narrow(1, tensor.Offset, tensor.Length);
            return tensor.Columns > 0 ? flat.view(Count, tensor.Rows, tensor.Columns) : flat.view(Count, 1, tensor.Rows);
        }
    }
}
