<?php
// PHP's SoapServer on orders.wsdl, for `php -S`.
ini_set('soap.wsdl_cache_enabled', '0');

class Orders
{
    public function PlaceOrder($order)
    {
        if ($order->Customer === 'blocked') {
            throw new SoapFault('Client', 'customer is on the black list');
        }
        if ($order->Customer === 'crash') {
            throw new SoapFault('Server', 'ORA-01403: no data found');
        }
        $lines = is_array($order->Line) ? $order->Line : [$order->Line];
        return ['OrderNumber' => 'PHP ' . $order->Customer . ' ' . $lines[0]->Sku, 'Lines' => count($lines)];
    }
}

$server = new SoapServer(__DIR__ . '/bundles/orders/orders.wsdl');
$server->setClass('Orders');
$server->handle();
